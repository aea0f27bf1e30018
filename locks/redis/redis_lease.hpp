// redis_lease: a lock that this process holds at a Redis server.
//
// release blocks for one round trip and says how it went. The destructor sends the release and does not wait for the
// answer. A lease that outlives its manager is lost.
#pragma once

#include <memory>

#include "locks/core/lock_manager.hpp"
#include "locks/redis/lease_keeper.hpp"
#include "locks/redis/script.hpp"

namespace fiberlab::locks::redis {

struct lock_scripts {
    script acquire;
    script renew;
    script release;
};

class redis_lease final : public lease {
public:
    // Both outlive the manager's use of them: they are looked at only while lock->keeper is there.
    redis_lease(std::shared_ptr<held_lock> lock, redis_client& client, const lock_scripts& scripts) noexcept;
    ~redis_lease() override;
    redis_lease(const redis_lease&) = delete;
    redis_lease& operator=(const redis_lease&) = delete;
    redis_lease(redis_lease&&) = delete;
    redis_lease& operator=(redis_lease&&) = delete;

    std::expected<void, lock_error> release() override;
    std::expected<void, lock_error> renew(duration ttl) override;
    bool is_held() const noexcept override;
    std::int64_t fencing_token() const noexcept override;
    stop_token lost() const noexcept override;

private:
    std::shared_ptr<held_lock> lock_;
    redis_client* client_;
    const lock_scripts* scripts_;
};

// The words of the lock interface for what the server or the way to it did.
lock_error to_lock_error(redis_error failed);

// A ttl that the server can keep: at least a millisecond, or std::invalid_argument.
void require_ttl(duration ttl);

}  // namespace fiberlab::locks::redis
