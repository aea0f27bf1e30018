// children: the processes that the guardian starts, and all that they start.
//
// The guardian adopts orphans (it is a "subreaper"), so a server's own children are in reach when the server dies
// first, and the destructor, which ends them all, can wait until truly nobody is left. Each child gets its end signal
// from the kernel if the guardian itself is killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "locks/servers/account.hpp"
#include "locks/servers/shared_memory.hpp"
#include "locks/servers/spawn.hpp"
#include "locks/servers/unique_fd.hpp"

namespace fiberlab::servers {

class children {
public:
    explicit children(const account& run_as);
    children(children&&) = delete;
    ~children() { end_all(); }

    std::expected<pid_t, std::string> spawn(const command& wanted);

    int fd() const noexcept { return signals_.get(); }  // readable when a child has ended: then reap()
    void reap();                                        // collects who has ended; never blocks
    std::optional<int> ended(pid_t pid) const;          // its wait status, once reaped

    void note_shared_memory(pid_t pid) { shared_.note(pid); }

private:
    struct child {
        pid_t pid = -1;
        int end_signal = SIGKILL;
    };

    // Ends every process below the guardian and removes the shared memory that they leave: by their end signals first,
    // the hard way for whoever is there 600 ms later. Blocks.
    void end_all();
    bool wait_for_all(std::chrono::milliseconds limit);

    account run_as_;
    unique_fd signals_;
    std::vector<child> running_;
    std::vector<std::pair<pid_t, int>> ended_;
    bool none_left_ = true;
    shared_memory shared_;
};

std::string describe_status(int wait_status);  // "ended with code 1", "ended by signal 9 (Killed)"

}  // namespace fiberlab::servers
