// status: how a blocking operation ended. Expected outcomes are values; exceptions are for misuse.
#pragma once

#include <cstdint>
#include <string_view>

namespace fiberlab {

enum class [[nodiscard]] status : std::uint8_t {
    ok,
    closed,   // the channel is closed (for a receive: and drained)
    empty,    // try_pop: nothing there now
    full,     // try_push: no room and no receiver waiting
    busy,     // try_lock, try_acquire: somebody else has it
    timeout,  // the deadline passed first
    stopped,  // the stop token fired first
    refused,  // it could never succeed: more than the semaphore holds
};

constexpr std::string_view to_string(status s) noexcept {
    switch (s) {
        case status::ok:
            return "ok";
        case status::closed:
            return "closed";
        case status::empty:
            return "empty";
        case status::full:
            return "full";
        case status::busy:
            return "busy";
        case status::timeout:
            return "timeout";
        case status::stopped:
            return "stopped";
        case status::refused:
            return "refused";
    }
    return "?";
}

}  // namespace fiberlab
