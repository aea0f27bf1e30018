// command: what a demo is. patterns/<name>/demo.cpp defines one and returns it from a function named after its folder:
//
//   namespace fiberlab::demos { const demo::command& tee(); }
//
// The build makes the program's command table from the list of folders; nothing else has to be registered.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "patterns/core/event.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/demo/option.hpp"
#include "patterns/demo/parameters.hpp"
#include "patterns/demo/report.hpp"

namespace fiberlab::demo {

enum class group : std::uint8_t { flow, resilience, work, synchronisation, locks, experiments, learn };
std::string_view title(group g);  // "Flow"

enum class operand_kind : std::uint8_t {
    none,
    files,    // fiberlab bridge FILE…
    command,  // fiberlab self-healing -- CMD ARG…
    words,    // fiberlab lock serve redis postgres: of `operand_words`
};

struct example {
    std::string arguments{};  // what follows "fiberlab ": "tee --items 20 --seed 7"; a test runs each of them
    std::string shows{};
    int exit_code = 0;         // what it ends with: 4 for an example of a broken variant
    std::string stdin_text{};  // what a test feeds an example that reads --input -
};

// Which clock a run goes by.
enum class timing : std::uint8_t { real, virtual_time };

enum class progress_unit : std::uint8_t { items, bytes };

// Written by the run, read by whoever shows it.
struct progress_meter {
    std::atomic<std::uint64_t> done{0};
    std::atomic<std::uint64_t> total{0};
    std::atomic<progress_unit> unit{progress_unit::items};
};

// What one run is given. The demo's code runs on the root fiber.
struct stage {
    const parameters& options;
    const std::vector<std::string>& operands;
    std::uint64_t seed = 0;
    timing time = timing::virtual_time;
    bool boost_channels = false;  // --channel boost
    stop_token stop{};            // fires at SIGINT and SIGTERM: finish early and report what there is
    bool exploring = false;       // run the small workload: at most 4 fibers and about 60 points
    progress_meter* meter = nullptr;

    // Tells the story, on behalf of the calling fiber.
    void tell(std::string_view what, name object = {}, std::vector<field> fields = {}, std::string note = {}) const;

    // How far a long run is; shown on standard error while it lasts. A total of 0: not known.
    void progress(std::uint64_t done, std::uint64_t total, progress_unit unit = progress_unit::items) const noexcept;
};

struct command {
    std::string name{};  // as typed: "lock contend"
    group in = group::flow;
    std::string summary{};  // one line for `fiberlab help`
    std::vector<option> options{};
    std::vector<example> examples{};  // two to four
    std::string_view explanation{};   // explain.md, embedded by the build: demos::<function>_explanation()
    operand_kind operands = operand_kind::none;
    std::vector<std::string> operand_words{};  // of operand_kind::words: what they may be; each may come several times
    bool boost_channels = false;               // accepts --channel boost

    // Whether these arguments mean files, a child process or a server: then the time is real, standard output carries
    // the data alone and the report goes to standard error or --report FILE. May be empty: never.
    std::function<bool(const parameters&, const std::vector<std::string>& operands)> real_input{};

    // Whether standard output carries data in such a run. False for a demo of real servers that only reports, as
    // lock contend does: its report then goes to standard output as ever. May be empty: as real_input.
    std::function<bool(const parameters&, const std::vector<std::string>& operands)> writes_data{};

    std::function<report(const stage&)> run{};
};

}  // namespace fiberlab::demo
