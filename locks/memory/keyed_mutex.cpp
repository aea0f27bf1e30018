#include "locks/memory/keyed_mutex.hpp"

#include <stdexcept>

namespace fiberlab::locks {

keyed_mutex::entry& keyed_mutex::use(std::string_view key) {
    seam::point(operation::access, self_);
    lock_.lock();
    auto found = entries_.find(key);
    if (found == entries_.end()) {
        found = entries_.emplace(std::string{key}, std::make_unique<entry>(self_.label)).first;
    }
    ++found->second->users;
    lock_.unlock();
    return *found->second;
}

void keyed_mutex::drop(std::string_view key) {
    lock_.lock();
    const auto found = entries_.find(key);
    if (found != entries_.end() && --found->second->users == 0) {
        entries_.erase(found);
    }
    lock_.unlock();
}

status keyed_mutex::lock(std::string_view key, time_point deadline, const stop_token& stop) {
    entry& mine = use(key);
    try {
        const status locked = mine.guard.lock_until(deadline, stop);
        if (locked != status::ok) {
            drop(key);
        }
        return locked;
    } catch (...) {
        drop(key);
        throw;
    }
}

bool keyed_mutex::try_lock(std::string_view key) {
    const bool locked = use(key).guard.try_lock();
    if (!locked) {
        drop(key);
    }
    return locked;
}

void keyed_mutex::unlock(std::string_view key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
        throw std::logic_error("keyed_mutex::unlock of a key that nobody holds: " + std::string{key});
    }
    found->second->guard.unlock();
    drop(key);
}

}  // namespace fiberlab::locks
