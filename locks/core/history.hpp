// history: who held what and when, as each contender recorded it, and whether that was mutual exclusion.
//
// The verdict needs no trust in the lock: it comes from the intervals that the holders themselves wrote down. All times
// are of one host's monotonic clock.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace fiberlab::locks {

enum class attempt_end : std::uint8_t {
    held,
    timeout,
    stopped,  // the run ended while it waited
    lost,     // acquired, and lost before it was released: `released_ns` is when the holder knew
    failed,   // the server was out of reach or refused
};

// One attempt. Plain bytes: processes hand it to one another as it is.
struct attempt {
    std::uint32_t process = 0;
    std::uint32_t fiber = 0;
    std::uint32_t key = 0;
    attempt_end end = attempt_end::held;
    std::int64_t requested_ns = 0;
    std::int64_t acquired_ns = 0;  // after acquire returned; of a failure: when it was known
    std::int64_t released_ns = 0;  // before release was called
    std::int64_t fence = 0;
};

inline bool was_held(const attempt& a) noexcept {
    return a.end == attempt_end::held || a.end == attempt_end::lost;
}

struct exclusion_verdict {
    std::uint64_t acquisitions = 0;
    std::uint64_t overlaps = 0;  // acquisitions while another one of the same key was not over
    std::int64_t worst_overlap_ns = 0;
    std::uint64_t fence_faults = 0;  // tokens that did not rise in the order of acquisition
    std::string first_overlap;       // who and when, for a person
    std::string first_fence_fault;
};

exclusion_verdict judge_exclusion(std::span<const attempt> history);

}  // namespace fiberlab::locks
