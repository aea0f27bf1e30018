// redis_reply, redis_error: what came back for a command.
//
// A reply is plain data, free of the client library that read it. An error that the server sent in answer to the
// command itself is a redis_error; one inside an array is an element of kind `error`.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberlab::locks {

struct redis_reply {
    enum class kind : std::uint8_t { nil, text, integer, array, error };

    kind is = kind::nil;
    std::int64_t number = 0;            // of an integer
    std::string text;                   // of a text ("+OK" as well) or an error
    std::vector<redis_reply> elements;  // of an array
};

enum class redis_failure : std::uint8_t {
    timeout,       // no reply before the deadline
    stopped,       // the stop token fired before the reply came
    disconnected,  // no connection could be made, or it broke before the reply came
    server_error,  // the server refused; `detail` starts with its code: "NOAUTH Authentication required."
};

constexpr std::string_view to_string(redis_failure f) noexcept {
    switch (f) {
        case redis_failure::timeout:
            return "timeout";
        case redis_failure::stopped:
            return "stopped";
        case redis_failure::disconnected:
            return "disconnected";
        case redis_failure::server_error:
            return "server error";
    }
    return "?";
}

struct redis_error {
    redis_failure why = redis_failure::server_error;
    std::string detail;
    bool in_doubt = false;  // it was sent, and whether the server did it, or will do it, is unknown
};

using redis_result = std::expected<redis_reply, redis_error>;

// Receives a result between two fibers: it must not block, and must not throw.
using reply_handler = std::move_only_function<void(redis_result)>;

}  // namespace fiberlab::locks
