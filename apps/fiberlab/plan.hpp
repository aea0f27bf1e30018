// plan: what follows from an invocation before anything runs. Which clock, which channels, and where the report goes.
#pragma once

#include <cstdint>
#include <string>

#include "apps/fiberlab/command_line.hpp"

namespace fiberlab::cli {

struct run_plan {
    demo::timing time = demo::timing::virtual_time;
    bool boost_channels = false;
    bool data_on_stdout = false;  // standard output carries the data alone: the report goes elsewhere
    bool live = false;            // the story is told while it happens
    std::string report_path{};    // of --report; empty: standard error if there is data, else standard output
};

// Throws demo::usage_error when what was asked for can't be together, with the reason.
run_plan plan_run(const invocation& asked);

// The command line that makes the same run again, quoted for a shell.
std::string repeat_line(const invocation& asked, const run_plan& plan);

}  // namespace fiberlab::cli
