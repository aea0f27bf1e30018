// How long to wait for a server that should answer at once, whatever the caller's deadline: one that has passed already
// still allows an attempt, and a wait that was cut short has to be undone.
#pragma once

#include <algorithm>
#include <string>

#include "locks/postgres/sql_error.hpp"
#include "patterns/core/status.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab::locks::postgres {

inline constexpr duration a_reply = std::chrono::seconds{1};
inline constexpr duration a_release = std::chrono::seconds{5};  // nobody waits for it as for a lock

inline time_point at_least_a_reply(time_point deadline) noexcept {
    return std::max(deadline, after(a_reply));
}

inline sql_error gave_up(status how) {
    if (how == status::stopped) {
        return {lock_failure::stopped, {}, "the stop token has fired"};
    }
    return {lock_failure::timeout, {}, "the deadline has passed"};
}

}  // namespace fiberlab::locks::postgres
