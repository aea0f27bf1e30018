// The built-in workload: four wards, one that works, one that hangs, one that fails and recovers, one that never will.
#pragma once

#include "patterns/demo/command.hpp"

namespace fiberlab::demos {

demo::report keep_wards(const demo::stage& on);

}  // namespace fiberlab::demos
