// shared_memory: what a killed Postgres process leaves in the system besides files: its System V segment, and while
// initdb runs its POSIX segments in /dev/shm.
//
// A Postgres that ends by itself or by SIGQUIT removes them. Before one is killed the hard way, note() writes down what
// it has mapped; remove() drops whatever of that is still there and that nobody uses.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace fiberlab::servers {

class shared_memory {
public:
    void note(pid_t process);
    void remove();  // after all the processes are gone

private:
    struct segment {
        int id = -1;
        pid_t creator = -1;  // tells it from a later segment under the same number
    };

    std::vector<segment> segments_;
    std::vector<std::string> files_;
};

}  // namespace fiberlab::servers
