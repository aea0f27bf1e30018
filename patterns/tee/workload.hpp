// The built-in workload of tee: numbers for a quick side and a slow one, and a stop in the middle.
#pragma once

#include "patterns/demo/command.hpp"
#include "patterns/demo/report.hpp"

namespace fiberlab::demos {

demo::report tee_numbers(const demo::stage& on);

}  // namespace fiberlab::demos
