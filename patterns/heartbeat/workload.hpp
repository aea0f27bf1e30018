// The built-in workload: workers that work, one that hangs, one that dies and one to whose pulses nobody listens.
#pragma once

#include "patterns/demo/command.hpp"

namespace fiberlab::demos {

demo::report watch_workers(const demo::stage& on);

}  // namespace fiberlab::demos
