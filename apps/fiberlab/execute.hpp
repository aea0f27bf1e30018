// execute: makes one run and tells what came of it.
#pragma once

#include "apps/fiberlab/command_line.hpp"
#include "apps/fiberlab/render/view.hpp"
#include "patterns/core/runtime/runtime.hpp"

namespace fiberlab::cli {

// Runs the command, writes the report, returns the exit code. Throws demo::usage_error, demo::backend_error,
// output_error and whatever else left the run.
int execute(const invocation& asked);

// The report with the invariants that every run has to keep, read from how it ended.
demo::report with_standard_invariants(demo::report report, const run_outcome& outcome);

// Of a run that ended and was judged.
int exit_code_of(const demo::report& report, demo::verdict verdict, int interrupted_by);

}  // namespace fiberlab::cli
