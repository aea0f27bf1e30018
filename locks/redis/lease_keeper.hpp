// lease_keeper: keeps the locks of one manager alive, notices when one is lost, and gives back what nobody knows to be
// taken.
//
// Renewal: at a third of its ttl a lock's expiry is moved; an error is no answer, so it is tried again until the local
// deadline. Loss: at the local deadline, or when the server says that the key is somebody else's, the lock's `lost`
// token fires. Undo: when a reply never came, the server may have granted what was asked for; it is given back by its
// owner token as soon as there is a connection.
//
// One fiber does all of it, for it may have to connect; deadlines are timers and wait for nobody. The destructor joins
// the fiber. Locks that are still held then are lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "locks/redis/alarm.hpp"
#include "locks/redis/key_gates.hpp"
#include "locks/redis/redis_client.hpp"
#include "locks/redis/script.hpp"
#include "locks/redis/wake_flag.hpp"
#include "patterns/core/fiber.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab::locks::redis {

class lease_keeper;

// When a lock that was asked for at `asked` is no longer certain to be ours: before it expires at the server, however
// long the request took to get there, with something to spare for clocks that run at different speeds.
time_point local_deadline(time_point asked, duration ttl) noexcept;

// One lock of ours, shared by its lease and by the replies that are still to come.
struct held_lock : std::enable_shared_from_this<held_lock> {
    enum class phase : std::uint8_t { held, lost, released };

    held_lock(lease_keeper& by, std::string lock_key, std::string owner_token);

    const std::string key;  // at the server
    const std::string token;
    std::int64_t fence = 0;
    duration ttl{};               // what renewals ask for
    time_point deadline{};        // local
    bool renewed = true;          // in the background
    bool server_says_so = false;  // lost: it is certain that the key is not ours
    phase now = phase::held;
    lease_keeper* keeper;  // null once the manager has gone
    key_gates::pass pass;  // others of this process may ask for the key once this one is lost or released
    stop_source lost{"lease lost"};
    alarm expiry;
    alarm renewal;
    std::size_t slot = 0;  // in the keeper's list
};

class lease_keeper {
public:
    explicit lease_keeper(redis_client& client);
    ~lease_keeper();
    lease_keeper(const lease_keeper&) = delete;
    lease_keeper& operator=(const lease_keeper&) = delete;
    lease_keeper(lease_keeper&&) = delete;
    lease_keeper& operator=(lease_keeper&&) = delete;

    void keep(held_lock& lock);                                   // from now on, until it is forgotten, lost or not
    void forget(held_lock& lock) noexcept;                        // its owner gives it back
    void moved(held_lock& lock, time_point asked, duration ttl);  // the server has set its expiry
    void lose(held_lock& lock, std::string_view cause) noexcept;
    void renew_soon(held_lock& lock);

    // Gives back what `token` may have been granted. Worth trying until the ttl has done it.
    void undo(std::string key, std::string token, duration ttl);
    void release_unseen(held_lock& lock);  // without waiting for the answer

    void stop();  // ends the fiber and all timers; what is held is lost

private:
    struct doubtful {
        std::string key;
        std::string token;
        time_point until;
    };

    void rest(held_lock& lock) noexcept;
    void serve();
    void send_renewals();
    void send_undos();
    void answered(held_lock& lock, time_point asked, duration ttl, const redis_result& result);

    redis_client& client_;
    script renew_;
    script release_;
    std::vector<held_lock*> kept_;
    std::vector<held_lock*> due_;  // to be renewed
    std::vector<doubtful> doubtful_;
    stop_source stopped_{"lease keeper"};
    wake_flag work_{"leases to renew"};
    fiber fiber_;
};

}  // namespace fiberlab::locks::redis
