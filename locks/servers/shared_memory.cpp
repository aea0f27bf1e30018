#include "locks/servers/shared_memory.hpp"

#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>

namespace fiberlab::servers {

namespace {

constexpr std::string_view system_v = "/SYSV";
constexpr std::string_view posix = "/dev/shm/PostgreSQL.";

bool status(int id, shmid_ds& found) {
    return ::shmctl(id, IPC_STAT, &found) == 0;
}

}  // namespace

void shared_memory::note(pid_t process) {
    std::ifstream maps{"/proc/" + std::to_string(process) + "/maps"};
    for (std::string line; std::getline(maps, line);) {
        std::istringstream columns{line};
        std::string skipped;
        int inode = -1;
        std::string path;
        columns >> skipped >> skipped >> skipped >> skipped >> inode >> path;
        shmid_ds found = {};
        if (path.starts_with(system_v) && status(inode, found)) {  // a segment's inode is its number
            if (std::ranges::find(segments_, inode, &segment::id) == segments_.end()) {
                segments_.push_back({.id = inode, .creator = found.shm_cpid});
            }
        } else if (path.starts_with(posix) && std::ranges::find(files_, path) == files_.end()) {
            files_.push_back(path);
        }
    }
}

void shared_memory::remove() {
    for (const segment& left : segments_) {
        shmid_ds found = {};
        if (status(left.id, found) && found.shm_cpid == left.creator && found.shm_nattch == 0) {
            ::shmctl(left.id, IPC_RMID, nullptr);
        }
    }
    for (const std::string& left : files_) {
        ::unlink(left.c_str());
    }
    segments_.clear();
    files_.clear();
}

}  // namespace fiberlab::servers
