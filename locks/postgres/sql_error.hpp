// sql_error: why a statement or a connection failed. lock_error with the SQLSTATE beside it, which the back end decides
// by; callers of the back end see the lock_error alone.
#pragma once

#include <string>
#include <string_view>

#include "locks/core/outcome.hpp"

namespace fiberlab::locks::postgres {

struct sql_error {
    lock_failure why = lock_failure::server_error;
    std::string state{};    // SQLSTATE: "55P03"; empty when the server has said nothing
    std::string message{};  // one line

    lock_error as_lock_error() const { return {why, state.empty() ? message : state + ": " + message}; }
};

// The SQLSTATEs that something here depends on.
namespace sqlstate {

inline constexpr std::string_view lock_not_available = "55P03";  // lock_timeout

// Class 57P: the server ends the session or does not take one. Class 08: the connection is broken.
constexpr bool ends_session(std::string_view state) noexcept {
    return state.starts_with("57P") || state.starts_with("08");
}

}  // namespace sqlstate

// The server's words on one line: libpq ends lines by line feeds, and starts some by tabs.
std::string one_line(std::string_view words);

}  // namespace fiberlab::locks::postgres
