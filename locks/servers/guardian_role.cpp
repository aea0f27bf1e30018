#include "locks/servers/guardian_role.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace fiberlab::servers {

namespace {

class spawn_settings {
public:
    explicit spawn_settings(int socket) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_adddup2(&actions_, socket, STDIN_FILENO);
        ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);

        ::posix_spawnattr_init(&attributes_);
        sigset_t all;
        ::sigfillset(&all);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setsigmask(&attributes_, &all);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    spawn_settings(spawn_settings&&) = delete;
    ~spawn_settings() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
    const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

}  // namespace

std::expected<spawned_guardian, std::string> spawn_guardian() {
    const auto failure = [](int reason) {
        return std::unexpected{std::string{"can't start the guardian of private servers: "} + std::strerror(reason)};
    };
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return failure(errno);
    }
    unique_fd ours{ends[0]};
    const unique_fd theirs{ends[1]};
    const spawn_settings how{theirs.get()};
    std::string program = "fiberlab";
    std::string role = guardian_role;
    std::string parent = std::to_string(::getpid());
    const std::array<char*, 4> arguments{program.data(), role.data(), parent.data(), nullptr};
    pid_t pid = -1;
    const int reason =
        ::posix_spawn(&pid, "/proc/self/exe", how.actions(), how.attributes(), arguments.data(), environ);
    if (reason != 0) {
        return failure(reason);
    }
    return spawned_guardian{.pid = pid, .socket = std::move(ours)};
}

}  // namespace fiberlab::servers
