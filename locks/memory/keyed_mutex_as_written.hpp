// The keyed mutex of the decision record, as written there, beside the right one. Two defects in three lines of unlock:
//
// 1. The entry is removed although others may wait on it. Whoever comes next finds no entry, makes a new mutex and
// walks
//    in beside the waiter that was just woken: two holders of one key.
// 2. The mutex goes back to the pool with its waiters, and may come out again for another key: key B waits for key A.
//
// A tight loop can run for hours without showing it; a schedule that switches between the lines shows it at once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "patterns/core/mutex.hpp"

namespace fiberlab::locks::as_written {

class keyed_mutex {
public:
    using handle = std::shared_ptr<mutex>;

    handle lock(std::string_view key) {
        handle fresh = take_from_pool();
        seam::point(operation::access, table_);  // sync.Map: LoadOrStore
        const handle found = mutexes_.try_emplace(std::string{key}, fresh).first->second;
        found->lock();
        return found;
    }

    void unlock(std::string_view key, const handle& held) {
        held->unlock();
        seam::point(operation::access, table_);  // sync.Map: Delete
        mutexes_.erase(std::string{key});
        seam::point(operation::access, table_);  // sync.Pool: Put
        pool_.push_back(held);
    }

private:
    // Go's sync.Pool promises nothing of what was put in: Get may make a new one at any time, and does so when the one
    // that was put back lies with another processor.
    handle take_from_pool() {
        if (pool_.empty() || seam::choose(4) == 0) {
            return std::make_shared<mutex>("key");
        }
        handle taken = pool_.back();
        pool_.pop_back();
        return taken;
    }

    sync_object table_{.label = "mutex table"};
    std::map<std::string, handle, std::less<>> mutexes_;
    std::vector<handle> pool_;
};

}  // namespace fiberlab::locks::as_written
