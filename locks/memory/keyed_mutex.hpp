// keyed_mutex: a mutex for every key in use, made when the first fiber asks for it and gone with the last.
//
//   keyed_mutex accounts{"accounts"};
//   if (auto held = accounts.lock("account:7", after(1s), stop); held == status::ok) { …; accounts.unlock("account:7");
//   }
//
// An entry counts its users, those who wait included, and stays until nobody needs it. (The version that most people
// write first removes it when the holder is done, under the feet of the others: keyed_mutex_as_written.hpp.)
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "patterns/core/mutex.hpp"

namespace fiberlab::locks {

class keyed_mutex {
public:
    explicit keyed_mutex(name called = "keyed mutex") noexcept : self_{.label = called} {}

    // Blocks until the key is free: ok, timeout or stopped.
    status lock(std::string_view key, time_point deadline = never, const stop_token& stop = {});
    [[nodiscard]] bool try_lock(std::string_view key);
    void unlock(std::string_view key);  // by its holder

    std::size_t keys() const noexcept { return entries_.size(); }  // in use now

private:
    struct entry {
        explicit entry(name called) noexcept : guard{called} {}
        mutex guard;
        std::size_t users = 0;
    };

    entry& use(std::string_view key);
    void drop(std::string_view key);

    sync_object self_;
    spinlock lock_;
    std::map<std::string, std::unique_ptr<entry>, std::less<>> entries_;
};

}  // namespace fiberlab::locks
