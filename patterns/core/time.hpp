// clock: the runtime's clock. Its zero is the start of the run, its unit the nanosecond.
//
// In real time it follows CLOCK_MONOTONIC; in virtual time it stands still while fibers compute and jumps to the next
// timer when all of them wait. It is a chrono clock, so deadlines read `clock::now() + 5ms`.
#pragma once

#include <chrono>
#include <cstdint>

namespace fiberlab {

using duration = std::chrono::nanoseconds;

struct clock {
    using rep = std::int64_t;
    using period = std::nano;
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<clock>;
    static constexpr bool is_steady = true;

    static time_point now() noexcept;  // outside a run: time since the process's first call
};

using time_point = clock::time_point;

inline constexpr time_point never = time_point::max();

// now + d, without overflow for a d that stands for "for ever".
inline time_point after(duration d) noexcept {
    const time_point now = clock::now();
    return d >= never - now ? never : now + d;
}

}  // namespace fiberlab
