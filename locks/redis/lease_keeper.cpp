#include "locks/redis/lease_keeper.hpp"

#include <algorithm>
#include <utility>

#include "locks/redis/lock_scripts.hpp"
#include "locks/redis/milliseconds.hpp"
#include "patterns/core/runtime/seam.hpp"

namespace fiberlab::locks::redis {

using namespace std::chrono_literals;

time_point local_deadline(time_point asked, duration ttl) noexcept {
    const duration margin = ttl / 100 + std::min<duration>(2ms, ttl / 10);
    return ttl - margin >= never - asked ? never : asked + (ttl - margin);
}

held_lock::held_lock(lease_keeper& by, std::string lock_key, std::string owner_token)
    : key{std::move(lock_key)},
      token{std::move(owner_token)},
      keeper{&by},
      expiry{[this] { keeper->lose(*this, "the lease expired: it was not renewed in time"); }},
      renewal{[this] { keeper->renew_soon(*this); }} {}

lease_keeper::lease_keeper(redis_client& client)
    : client_{client},
      renew_{scripts::renew},
      release_{scripts::release},
      fiber_{spawn("lease keeper", [this] { serve(); })} {}

lease_keeper::~lease_keeper() {
    stop();
}

void lease_keeper::stop() {
    stopped_.request_stop();
    if (fiber_.joinable()) {
        fiber_ = fiber{};
    }
    while (!kept_.empty()) {
        const std::shared_ptr<held_lock> lock = kept_.back()->weak_from_this().lock();
        lose(*lock, "its lock manager has gone");
        forget(*lock);
        lock->keeper = nullptr;
    }
}

// ---- one lock

void lease_keeper::keep(held_lock& lock) {
    lock.slot = kept_.size();
    kept_.push_back(&lock);
}

void lease_keeper::rest(held_lock& lock) noexcept {
    lock.expiry.cancel();
    lock.renewal.cancel();
    std::erase(due_, &lock);
}

void lease_keeper::forget(held_lock& lock) noexcept {
    rest(lock);
    if (lock.slot < kept_.size() && kept_[lock.slot] == &lock) {
        kept_[lock.slot] = kept_.back();
        kept_[lock.slot]->slot = lock.slot;
        kept_.pop_back();
    }
}

void lease_keeper::moved(held_lock& lock, time_point asked, duration ttl) {
    lock.deadline = local_deadline(asked, ttl);
    lock.expiry.set(lock.deadline);
    if (lock.renewed) {
        lock.renewal.set(asked + ttl / 3);
    }
}

void lease_keeper::lose(held_lock& lock, std::string_view cause) noexcept {
    if (lock.now != held_lock::phase::held) {
        return;
    }
    // Whoever is told may let go of the lease.
    const std::shared_ptr<held_lock> alive = lock.weak_from_this().lock();
    rest(lock);
    lock.now = held_lock::phase::lost;
    lock.pass.leave();
    lock.lost.request_stop(cause);
}

void lease_keeper::renew_soon(held_lock& lock) {
    due_.push_back(&lock);
    work_.raise();
}

void lease_keeper::answered(held_lock& lock, time_point asked, duration ttl, const redis_result& result) {
    if (lock.now != held_lock::phase::held) {
        return;
    }
    if (!result) {
        lock.renewal.set(clock::now() + lock.ttl / 20);
    } else if (result->number == 1) {
        moved(lock, asked, ttl);
    } else {
        lock.server_says_so = true;
        lose(lock, "the server no longer has it as ours");
    }
}

void lease_keeper::undo(std::string key, std::string token, duration ttl) {
    doubtful_.push_back({std::move(key), std::move(token), after(ttl)});
    work_.raise();
}

void lease_keeper::release_unseen(held_lock& lock) {
    release_.start(client_, {lock.key}, {lock.token},
                   [this, alive = lock.shared_from_this()](const redis_result& result) {
                       if (!result && result.error().why == redis_failure::disconnected) {
                           undo(alive->key, alive->token, alive->ttl);
                       }
                   });
}

// ---- the fiber

void lease_keeper::serve() {
    const stop_token stop = stopped_.token();
    while (!stop.stop_requested()) {
        if (due_.empty() && doubtful_.empty()) {
            [[maybe_unused]] const status woken = work_.wait({.stop = stop});
            continue;
        }
        if (!client_.connected() && !client_.reconnect({.stop = stop})) {
            std::erase_if(doubtful_, [now = clock::now()](const doubtful& d) { return d.until <= now; });
            [[maybe_unused]] const status slept = sleep_for(draw(duration{2ms}, duration{20ms}), stop);
            continue;
        }
        send_renewals();
        send_undos();
    }
}

void lease_keeper::send_renewals() {
    while (!due_.empty()) {
        held_lock& lock = *due_.back();
        due_.pop_back();
        const time_point asked = clock::now();
        renew_.start(client_, {lock.key}, {lock.token, milliseconds{lock.ttl}.text()},
                     [this, asked, ttl = lock.ttl, alive = lock.shared_from_this()](const redis_result& result) {
                         answered(*alive, asked, ttl, result);
                     });
    }
}

void lease_keeper::send_undos() {
    for (doubtful& d : std::exchange(doubtful_, {})) {
        const time_point until = d.until;
        release_.start(client_, {d.key}, {d.token},
                       [this, key = d.key, token = d.token, until](const redis_result& result) {
                           if (!result && result.error().why == redis_failure::disconnected && clock::now() < until) {
                               undo(key, token, until - clock::now());
                           }
                       });
    }
}

}  // namespace fiberlab::locks::redis
