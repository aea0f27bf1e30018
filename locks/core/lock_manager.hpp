// lock_manager: takes named locks, over whatever back end: keyed mutexes in memory, Redis, Postgres.
//
//   std::unique_ptr<lock_manager> locks = …;                    // one per process and server, shared by all its fibers
//   auto held = locks->acquire("account:7", {.ttl = 10s, .deadline = after(2s), .stop = stop});
//   if (!held) { … held.error().why … }
//   store.write(value, (*held)->fencing_token());               // the resource refuses an older token
//   (*held)->release();                                         // or by the lease's destructor
//
// acquire blocks the fiber, never the thread, until the lock is held, the deadline passes, the token fires or the
// server is out of reach. try_acquire makes one attempt: busy when it is taken. A failed acquire leaves nothing behind:
// when its outcome is unknown (a reply that never came), the back end finds out by the lease's owner token and undoes
// it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "locks/core/outcome.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab::locks {

struct lock_request {
    duration ttl = std::chrono::seconds{10};  // how long it survives its holder; back ends without expiry ignore it
    time_point deadline = never;              // of the wait
    stop_token stop{};                        // of the wait
    bool renew = true;                        // keep it alive in the background until it is released
};

// A lock that is held. Its destructor releases it.
class lease {
public:
    lease() = default;
    virtual ~lease() = default;
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;
    lease(lease&&) = delete;
    lease& operator=(lease&&) = delete;

    // Gives it back. lost: it was no longer ours, and whoever has it keeps it. The second call does nothing. Works also
    // when the stop token of the acquisition has fired.
    virtual std::expected<void, lock_error> release() = 0;
    virtual std::expected<void, lock_error> renew(duration ttl) = 0;

    // By the local clock: false from the moment the lease may have expired, without asking the server.
    virtual bool is_held() const noexcept = 0;
    virtual std::int64_t fencing_token() const noexcept = 0;  // rises with every acquisition of the key
    virtual stop_token lost() const noexcept = 0;             // fires when the lease is no longer ours
};

class lock_manager {
public:
    lock_manager() = default;
    virtual ~lock_manager() = default;
    lock_manager(const lock_manager&) = delete;
    lock_manager& operator=(const lock_manager&) = delete;
    lock_manager(lock_manager&&) = delete;
    lock_manager& operator=(lock_manager&&) = delete;

    using result = std::expected<std::unique_ptr<lease>, lock_error>;
    virtual result acquire(std::string_view key, const lock_request& request) = 0;
    virtual result try_acquire(std::string_view key, const lock_request& request) = 0;
    virtual std::string_view backend() const noexcept = 0;  // "redis"

    // Runs `work(lease)` while holding the lock; releases it afterwards, also when `work` throws.
    template <class Work>
    std::expected<void, lock_error> with_lock(std::string_view key, const lock_request& request, Work&& work) {
        result held = acquire(key, request);
        if (!held) {
            return std::unexpected{held.error()};
        }
        work(**held);
        return (*held)->release();
    }
};

}  // namespace fiberlab::locks
