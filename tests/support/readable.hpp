// readable: whether a file descriptor has something to read, or its end, before the time is over.
#pragma once

#include <poll.h>

#include <chrono>

namespace fiberlab::test {

inline bool readable(int fd, std::chrono::milliseconds limit) {
    pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&watched, 1, static_cast<int>(limit.count())) > 0;
}

}  // namespace fiberlab::test
