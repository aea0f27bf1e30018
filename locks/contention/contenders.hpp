// contenders: fibers that take, hold and give back locks as fast as they are let, and write down what happened.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "locks/core/history.hpp"
#include "locks/core/lock_manager.hpp"

namespace fiberlab::locks {

struct contention {
    std::int64_t workers = 8;  // fibers in this process
    std::int64_t keys = 1;     // drawn evenly
    duration hold{};           // time inside; 0: as short as can be
    duration ttl{};
    duration run_for{};
    std::int64_t items = 0;     // attempts of one contender; 0: as many as fit
    std::uint32_t process = 0;  // this process's number
};

struct contention_result {
    std::vector<attempt> attempts;
    std::uint64_t lost_updates = 0;  // of a counter per key that each holder reads, and writes after its hold
    std::uint64_t updates = 0;
    std::int64_t began_ns = 0;  // on the host's monotonic clock
    std::int64_t ended_ns = 0;
    bool cut_short = false;  // the history had reached its limit
};

using tell_event = std::function<void(std::string_view what, name object, std::int64_t ns, std::string note)>;

// Blocks until the time is over, every contender has done its items, or `stop` fires. Waits that the end cuts short are
// part of the history: a starved contender must be seen.
contention_result contend(lock_manager& locks, const contention& plan, const stop_token& stop,
                          const tell_event& tell = {});

}  // namespace fiberlab::locks
