#include "locks/core/history.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

namespace fiberlab::locks {

namespace {

std::string who(const attempt& a) {
    return "process " + std::to_string(a.process) + " contender " + std::to_string(a.fiber);
}

std::string when(std::int64_t ns, std::int64_t zero) {
    const std::int64_t microseconds = (ns - zero) / 1000;
    std::string fraction = std::to_string(microseconds % 1000);
    fraction.insert(0, 3 - fraction.size(), '0');
    return std::to_string(microseconds / 1000) + "." + fraction + " ms";
}

}  // namespace

exclusion_verdict judge_exclusion(std::span<const attempt> history) {
    exclusion_verdict verdict;
    std::vector<const attempt*> held;
    std::int64_t zero = 0;
    for (const attempt& a : history) {
        if (was_held(a)) {
            zero = held.empty() ? a.requested_ns : std::min(zero, a.requested_ns);
            held.push_back(&a);
        }
    }
    verdict.acquisitions = held.size();
    // Of two acquisitions at the same instant the one with the older token came first.
    std::ranges::sort(held, [](const attempt* a, const attempt* b) {
        return std::tie(a->key, a->acquired_ns, a->fence) < std::tie(b->key, b->acquired_ns, b->fence);
    });
    const attempt* longest = nullptr;  // of those seen on this key: the one that ends last
    const attempt* before = nullptr;
    for (const attempt* a : held) {
        if (before == nullptr || before->key != a->key) {
            longest = nullptr;
            before = nullptr;
        }
        if (longest != nullptr && a->acquired_ns < longest->released_ns) {
            if (verdict.overlaps++ == 0) {
                verdict.first_overlap = who(*a) + " entered key " + std::to_string(a->key) + " at " +
                                        when(a->acquired_ns, zero) + ", while " + who(*longest) + " held it until " +
                                        when(longest->released_ns, zero);
            }
            verdict.worst_overlap_ns =
                std::max(verdict.worst_overlap_ns, std::min(longest->released_ns, a->released_ns) - a->acquired_ns);
        }
        if (before != nullptr && a->fence <= before->fence && verdict.fence_faults++ == 0) {
            verdict.first_fence_fault = who(*a) + " got token " + std::to_string(a->fence) + " on key " +
                                        std::to_string(a->key) + " after " + who(*before) + " had got " +
                                        std::to_string(before->fence);
        }
        if (longest == nullptr || a->released_ns > longest->released_ns) {
            longest = a;
        }
        before = a;
    }
    return verdict;
}

}  // namespace fiberlab::locks
