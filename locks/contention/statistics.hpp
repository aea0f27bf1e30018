// What a history of attempts says: throughput, waits with the failures in them, hand-over, fairness, and the verdict.
#pragma once

#include "locks/contention/contenders.hpp"
#include "patterns/demo/report.hpp"

namespace fiberlab::locks {

// Adds counts, latencies and invariants. `contenders` is how many there were in all processes, starved ones included.
void report_contention(demo::report& into, const contention_result& result, std::int64_t contenders,
                       std::int64_t processes);

// Jain's index over the acquisitions of each contender: 1000 when all got the same, 1000/n when one got everything.
// R. Jain, D. Chiu, W. Hawe, DEC-TR-301, 1984.
std::int64_t jain_permille(const std::vector<std::uint64_t>& shares);

}  // namespace fiberlab::locks
