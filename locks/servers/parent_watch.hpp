// parent_watch: tells the guardian when to go: the program asked, closed its end of the socket, or died.
//
//   while (watch.wait(1s, {children.fd()})) { … }   // false as soon as it is time to go
//
// All that the guardian waits for, it waits for here, so the parent's end is noticed at once, in the middle of a start
// too. The socket alone would do but for a forked copy of the program, which keeps its end open: hence the process
// descriptor.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <initializer_list>

#include "locks/servers/unique_fd.hpp"

namespace fiberlab::servers {

class parent_watch {
public:
    parent_watch(int socket, pid_t parent);

    // Waits until one of `fds` is readable, time is up or the parent is gone; false for the last one only. The caller
    // looks for itself which of the others it was.
    bool wait(std::chrono::nanoseconds limit, std::initializer_list<int> fds = {});

    bool gone() { return !wait(std::chrono::nanoseconds{0}); }

private:
    int socket_;
    unique_fd process_;
    bool gone_ = false;  // once gone, always gone
};

}  // namespace fiberlab::servers
