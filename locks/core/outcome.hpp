// lock_error: why a lock was not acquired, renewed or released. Every back end turns its own errors into these.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fiberlab::locks {

enum class lock_failure : std::uint8_t {
    busy,          // somebody else holds it
    timeout,       // the deadline passed before it was ours
    stopped,       // the stop token fired first
    lost,          // it was ours and is not any more: expired, or its session is gone
    disconnected,  // the server can't be reached; what was under way has been resolved or will expire
    server_error,  // the server refused; `detail` has its code and words
};

constexpr std::string_view to_string(lock_failure f) noexcept {
    switch (f) {
        case lock_failure::busy:
            return "busy";
        case lock_failure::timeout:
            return "timeout";
        case lock_failure::stopped:
            return "stopped";
        case lock_failure::lost:
            return "lost";
        case lock_failure::disconnected:
            return "disconnected";
        case lock_failure::server_error:
            return "server error";
    }
    return "?";
}

struct lock_error {
    lock_failure why = lock_failure::server_error;
    std::string detail;
};

}  // namespace fiberlab::locks
