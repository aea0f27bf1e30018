// What the trials show: figures, the invariants judged by what was observed on both sides, and how the ways compare.
#pragma once

#include <deque>

#include "patterns/demo/report.hpp"
#include "patterns/replicated_requests/hedge.hpp"
#include "patterns/replicated_requests/trial.hpp"

namespace fiberlab::demos {

// `slack`: how far two readings of the clock for the same time may differ.
demo::report findings(const std::deque<trial>& trials, const hedge_settings& hedging, duration slack);

}  // namespace fiberlab::demos
