// The built-in workload of bridge: streams of numbers, the first of them slow, whose producers ignore the stop.
#pragma once

#include "patterns/demo/command.hpp"
#include "patterns/demo/report.hpp"

namespace fiberlab::demos {

demo::report bridge_numbers(const demo::stage& on);

}  // namespace fiberlab::demos
