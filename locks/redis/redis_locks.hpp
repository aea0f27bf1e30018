// redis_locks: the lock manager over one Redis server, shared by all fibers of a process.
//
//   auto locks = connect_redis("redis://localhost", {}, stop);
//   if (!locks) { … locks.error().detail … }
//   auto held = (*locks)->acquire("account:7", {.ttl = 10s, .deadline = after(2s), .stop = stop});
//
// A lock is a key that holds its owner's token and expires (SET NX PX); release and renewal are scripts that check the
// token; each acquisition takes a fencing token in the same step.
//
// Fairness. Fibers of one process get a key first come, first served, and only the first of them asks the server. Among
// processes there is no order: each comes back after a random pause, and whoever asks first after a release has it. A
// process with many waiting fibers can keep a busy key for a while, since its next fiber asks at once.
//
// acquire asks at least once, whatever its deadline, unless another fiber of this process has the key or waits for it.
// Where the server is out of reach it fails with `disconnected` at once.
//
// Made in a run and destroyed in it, after its leases; a lease that is left over is lost. Needs real time.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "locks/core/lock_manager.hpp"
#include "locks/redis/key_gates.hpp"
#include "locks/redis/lease_keeper.hpp"
#include "locks/redis/redis_client.hpp"
#include "locks/redis/redis_lease.hpp"
#include "locks/redis/redis_url.hpp"
#include "locks/redis/wake_strategy.hpp"

namespace fiberlab::locks {

struct redis_settings {
    redis_client_settings client{};
    backoff_settings backoff{};
    duration first_try = std::chrono::milliseconds{20};  // what the one sure try may take when the deadline is nearer
    duration last_try = std::chrono::milliseconds{5};    // how long before its deadline a wait asks once more, at least
    std::string prefix = "fiberlab:";                    // of every key at the server
};

class redis_locks final : public lock_manager {
public:
    // Takes over a connected client. Blocks: it gives the server the scripts.
    static std::expected<std::unique_ptr<redis_locks>, lock_error> make(std::unique_ptr<redis_client> client,
                                                                        const redis_settings& settings = {},
                                                                        std::unique_ptr<wake_strategy> waits = nullptr);
    ~redis_locks() override;
    redis_locks(const redis_locks&) = delete;
    redis_locks& operator=(const redis_locks&) = delete;
    redis_locks(redis_locks&&) = delete;
    redis_locks& operator=(redis_locks&&) = delete;

    result acquire(std::string_view key, const lock_request& request) override;
    result try_acquire(std::string_view key, const lock_request& request) override;
    std::string_view backend() const noexcept override { return "redis"; }

    redis_client& client() noexcept { return *client_; }

private:
    struct attempt {
        std::shared_ptr<redis::held_lock> lock;  // null: busy
        time_point asked{};
        duration holder_has{};
    };

    redis_locks(std::unique_ptr<redis_client> client, redis_settings settings, std::unique_ptr<wake_strategy> waits);
    std::expected<attempt, lock_error> ask(const std::string& key, const lock_request& request, time_point deadline);
    result hand_over(attempt&& won, redis::key_gates::pass&& pass);
    time_point sure_try(time_point deadline) const noexcept;

    redis_settings settings_;
    std::unique_ptr<redis_client> client_;
    std::unique_ptr<wake_strategy> waits_;
    redis::lock_scripts scripts_;
    std::string fence_key_;
    redis::key_gates gates_;
    redis::lease_keeper keeper_;
};

// A manager for the server at `url` (see redis_url.hpp). Blocks until it is connected. The error is `disconnected` when
// nobody is there, `server_error` when the server refuses or the URL can't be read: its detail then says what is wrong
// with it. Programs that tell the two apart ask parse_redis_url first.
std::expected<std::unique_ptr<lock_manager>, lock_error> connect_redis(std::string_view url,
                                                                       const redis_settings& settings = {},
                                                                       const stop_token& stop = {});

}  // namespace fiberlab::locks
