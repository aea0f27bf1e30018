// guardian_role: starting this program anew as its own guardian (guardian.hpp).
#pragma once

#include <sys/types.h>

#include <expected>
#include <string>

#include "locks/servers/unique_fd.hpp"

namespace fiberlab::servers {

inline constexpr const char* guardian_role = "__guardian";

struct spawned_guardian {
    pid_t pid = -1;
    unique_fd socket;  // our end
};

// Safe in a program of many threads. The new process has a session of its own (no signal of a terminal reaches it), all
// signals blocked, and no descriptor of ours but the socket.
std::expected<spawned_guardian, std::string> spawn_guardian();

}  // namespace fiberlab::servers
