// spawn: a server's process: in its own folder, with its own log, as its own user, with an environment that holds
// nothing of the user's, and ended by the kernel when the guardian dies.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "locks/servers/account.hpp"

namespace fiberlab::servers {

struct command {
    std::vector<std::string> arguments{};  // the first one is the program's path
    std::filesystem::path folder{};        // to run in
    std::filesystem::path log{};           // gets its output
    int end_signal = SIGKILL;
};

// Returns once the program runs; the error is a sentence. For a single-threaded process.
std::expected<pid_t, std::string> spawn(const command& wanted, const account& run_as);

}  // namespace fiberlab::servers
