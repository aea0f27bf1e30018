#include "locks/redis/redis_lease.hpp"

#include <stdexcept>
#include <utility>

#include "locks/redis/milliseconds.hpp"

namespace fiberlab::locks::redis {

namespace {

constexpr std::string_view no_longer_ours = "the server no longer has it as ours";

std::unexpected<lock_error> not_ours(const held_lock& lock) {
    const std::string cause = lock.lost.token().cause();
    return std::unexpected{lock_error{lock_failure::lost, cause.empty() ? std::string{no_longer_ours} : cause}};
}

}  // namespace

lock_error to_lock_error(redis_error failed) {
    switch (failed.why) {
        case redis_failure::timeout:
            return {lock_failure::timeout, std::move(failed.detail)};
        case redis_failure::stopped:
            return {lock_failure::stopped, std::move(failed.detail)};
        case redis_failure::disconnected:
            return {lock_failure::disconnected, std::move(failed.detail)};
        case redis_failure::server_error:
            break;
    }
    return {lock_failure::server_error, std::move(failed.detail)};
}

void require_ttl(duration ttl) {
    if (ttl < std::chrono::milliseconds{1}) {
        throw std::invalid_argument("the ttl of a lock in Redis is at least 1 ms");
    }
}

redis_lease::redis_lease(std::shared_ptr<held_lock> lock, redis_client& client, const lock_scripts& scripts) noexcept
    : lock_{std::move(lock)}, client_{&client}, scripts_{&scripts} {}

redis_lease::~redis_lease() {
    const bool given_back = lock_->now == held_lock::phase::released;
    if (given_back || lock_->keeper == nullptr) {
        return;
    }
    lock_->now = held_lock::phase::released;
    lock_->keeper->forget(*lock_);
    if (!lock_->server_says_so) {
        lock_->keeper->release_unseen(*lock_);
    }
    lock_->pass.leave();
}

std::expected<void, lock_error> redis_lease::release() {
    held_lock& lock = *lock_;
    if (lock.now == held_lock::phase::released) {
        return {};
    }
    const bool known_lost = lock.server_says_so || lock.keeper == nullptr;
    lock.now = held_lock::phase::released;
    if (lock.keeper != nullptr) {
        lock.keeper->forget(lock);
    }
    if (known_lost) {
        return not_ours(lock);
    }
    // Lost by the local clock alone, it may still be ours at the server, and would bar the way until it expires.
    const auto again = [alive = lock_] {
        if (alive->keeper != nullptr) {
            alive->keeper->undo(alive->key, alive->token, alive->ttl);
        }
    };
    const auto answered = scripts_->release.run(
        *client_, {lock.key}, {lock.token}, {.deadline = never, .stop = {}, .late = [again](const redis_result& late) {
                                                 if (!late) {
                                                     again();
                                                 }
                                             }});
    if (lock.keeper == nullptr) {
        return not_ours(lock);
    }
    lock.pass.leave();
    if (!answered) {
        if (answered.error().why == redis_failure::disconnected) {
            again();
        }
        return std::unexpected{to_lock_error(answered.error())};
    }
    return answered->number == 1 ? std::expected<void, lock_error>{} : not_ours(lock);
}

std::expected<void, lock_error> redis_lease::renew(duration ttl) {
    require_ttl(ttl);
    const std::shared_ptr<held_lock> lock = lock_;
    if (lock->now != held_lock::phase::held) {
        return not_ours(*lock);
    }
    lock->ttl = ttl;
    const time_point asked = clock::now();
    // No use in waiting longer than the lock is ours.
    const auto answered = scripts_->renew.run(*client_, {lock->key}, {lock->token, milliseconds{ttl}.text()},
                                              {.deadline = lock->deadline, .stop = {}, .late = {}});
    if (lock->now != held_lock::phase::held) {
        return not_ours(*lock);
    }
    if (!answered) {
        return std::unexpected{to_lock_error(answered.error())};
    }
    if (answered->number != 1) {
        lock->server_says_so = true;
        lock->keeper->lose(*lock, no_longer_ours);
        return not_ours(*lock);
    }
    lock->keeper->moved(*lock, asked, ttl);
    return {};
}

bool redis_lease::is_held() const noexcept {
    return lock_->now == held_lock::phase::held && clock::now() < lock_->deadline;
}

std::int64_t redis_lease::fencing_token() const noexcept {
    return lock_->fence;
}

stop_token redis_lease::lost() const noexcept {
    return lock_->lost.token();
}

}  // namespace fiberlab::locks::redis
