#include "locks/servers/parent_watch.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>
#include <vector>

namespace fiberlab::servers {

parent_watch::parent_watch(int socket, pid_t parent)
    : socket_{socket}, process_{static_cast<int>(::syscall(SYS_pidfd_open, parent, 0))} {
    // Had the parent died before, its number could be somebody else's by now.
    gone_ = ::getppid() != parent;
}

bool parent_watch::wait(std::chrono::nanoseconds limit, std::initializer_list<int> fds) {
    if (gone_) {
        return false;
    }
    std::vector<pollfd> watched{{.fd = socket_, .events = POLLIN, .revents = 0},
                                {.fd = process_.get(), .events = POLLIN, .revents = 0}};  // poll() skips a negative one
    for (const int fd : fds) {
        watched.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    }
    const auto whole = std::chrono::floor<std::chrono::seconds>(limit);
    const timespec time{.tv_sec = whole.count(), .tv_nsec = (limit - whole).count()};
    if (::ppoll(watched.data(), watched.size(), &time, nullptr) > 0) {
        gone_ = watched[0].revents != 0 || watched[1].revents != 0;
    }
    return !gone_;
}

}  // namespace fiberlab::servers
