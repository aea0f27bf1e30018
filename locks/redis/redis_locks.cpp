#include "locks/redis/redis_locks.hpp"

#include <algorithm>
#include <utility>

#include "locks/redis/lock_scripts.hpp"
#include "locks/redis/milliseconds.hpp"
#include "locks/redis/owner_token.hpp"

namespace fiberlab::locks {

using redis::held_lock;
using redis::key_gates;
using redis::local_deadline;
using redis::milliseconds;

namespace {

lock_error not_entered(status why) {
    switch (why) {
        case status::stopped:
            return {lock_failure::stopped, "stopped while other fibers of this process were before it"};
        case status::busy:
            return {lock_failure::busy, "another fiber of this process has it or waits for it"};
        default:
            return {lock_failure::timeout, "other fibers of this process were before it"};
    }
}

}  // namespace

std::expected<std::unique_ptr<redis_locks>, lock_error> redis_locks::make(std::unique_ptr<redis_client> client,
                                                                          const redis_settings& settings,
                                                                          std::unique_ptr<wake_strategy> waits) {
    if (waits == nullptr) {
        waits = std::make_unique<backoff_strategy>(settings.backoff);
    }
    std::unique_ptr<redis_locks> made{new redis_locks{std::move(client), settings, std::move(waits)}};
    for (redis::script* const each : {&made->scripts_.acquire, &made->scripts_.renew, &made->scripts_.release}) {
        if (auto loaded = each->load(*made->client_); !loaded) {
            return std::unexpected{redis::to_lock_error(std::move(loaded.error()))};
        }
    }
    return made;
}

redis_locks::redis_locks(std::unique_ptr<redis_client> client, redis_settings settings,
                         std::unique_ptr<wake_strategy> waits)
    : settings_{std::move(settings)},
      client_{std::move(client)},
      waits_{std::move(waits)},
      scripts_{.acquire = redis::script{redis::scripts::acquire},
               .renew = redis::script{redis::scripts::renew},
               .release = redis::script{redis::scripts::release}},
      fence_key_{settings_.prefix + "fence"},
      keeper_{*client_} {}

redis_locks::~redis_locks() {
    // In this order: replies that never come are reported to the keeper while the client goes.
    keeper_.stop();
    client_.reset();
}

lock_manager::result redis_locks::acquire(std::string_view key, const lock_request& request) {
    redis::require_ttl(request.ttl);
    auto pass = gates_.enter(key, {.deadline = request.deadline, .stop = request.stop});
    if (!pass) {
        return std::unexpected{not_entered(pass.error())};
    }
    const std::string full_key = settings_.prefix + "lock:" + std::string{key};
    for (std::uint32_t tries = 1;; ++tries) {
        if (tries > 1 && clock::now() >= request.deadline) {
            return std::unexpected{lock_error{lock_failure::timeout, "somebody else had it all the time"}};
        }
        auto tried = ask(full_key, request, tries == 1 ? sure_try(request.deadline) : request.deadline);
        if (!tried) {
            return std::unexpected{std::move(tried.error())};
        }
        if (tried->lock != nullptr) {
            return hand_over(*std::move(tried), *std::move(pass));
        }
        const time_point now = clock::now();
        // The last pause ends early enough for one more try, whatever its length was to be.
        const time_point last_try = request.deadline - std::max(settings_.last_try, 2 * (now - tried->asked));
        const wake_strategy::contended found{.key = key, .tries = tries, .holder_has = tried->holder_has};
        if (waits_->wait(found, now < last_try ? last_try : request.deadline, request.stop) == status::stopped) {
            return std::unexpected{lock_error{lock_failure::stopped, "stopped while somebody else had it"}};
        }
    }
}

lock_manager::result redis_locks::try_acquire(std::string_view key, const lock_request& request) {
    redis::require_ttl(request.ttl);
    auto pass = gates_.try_enter(key);
    if (!pass) {
        return std::unexpected{not_entered(pass.error())};
    }
    auto tried = ask(settings_.prefix + "lock:" + std::string{key}, request, sure_try(request.deadline));
    if (!tried) {
        return std::unexpected{std::move(tried.error())};
    }
    if (tried->lock == nullptr) {
        return std::unexpected{lock_error{lock_failure::busy, "somebody else has it"}};
    }
    return hand_over(*std::move(tried), *std::move(pass));
}

time_point redis_locks::sure_try(time_point deadline) const noexcept {
    return std::max(deadline, after(settings_.first_try));
}

std::expected<redis_locks::attempt, lock_error> redis_locks::ask(const std::string& key, const lock_request& request,
                                                                 time_point deadline) {
    if (request.stop.stop_requested()) {
        return std::unexpected{lock_error{lock_failure::stopped, "stopped before it was asked for"}};
    }
    auto lock = std::make_shared<held_lock>(keeper_, key, redis::make_owner_token());
    lock->ttl = request.ttl;
    lock->renewed = request.renew;
    const auto give_back = [this, lock] { keeper_.undo(lock->key, lock->token, lock->ttl); };
    const time_point asked = clock::now();
    auto answered = scripts_.acquire.run(
        *client_, {key, fence_key_}, {lock->token, milliseconds{request.ttl}.text()},
        {.deadline = deadline, .stop = request.stop, .late = [give_back](const redis_result& late) {
             const bool granted = late && late->elements.size() == 2 && late->elements[0].number == 1;
             if (granted || (!late && late.error().in_doubt)) {
                 give_back();
             }
         }});
    if (!answered) {
        const bool out_of_patience = answered.error().why == redis_failure::timeout && clock::now() < deadline;
        if (answered.error().why == redis_failure::disconnected && answered.error().in_doubt) {
            give_back();
        }
        lock_error failed = redis::to_lock_error(std::move(answered.error()));
        if (out_of_patience) {
            failed.why = lock_failure::disconnected;
        }
        return std::unexpected{std::move(failed)};
    }
    if (answered->elements.size() != 2) {
        return std::unexpected{lock_error{lock_failure::server_error, "not the reply of a Redis server"}};
    }
    const std::int64_t value = answered->elements[1].number;
    if (answered->elements[0].number != 1) {
        return attempt{.lock = nullptr, .asked = asked, .holder_has = std::chrono::milliseconds{value}};
    }
    if (clock::now() >= local_deadline(asked, request.ttl)) {
        // Granted, but too long ago to be worth anything.
        give_back();
        return attempt{.lock = nullptr, .asked = asked};
    }
    lock->fence = value;
    return attempt{.lock = std::move(lock), .asked = asked};
}

lock_manager::result redis_locks::hand_over(attempt&& won, key_gates::pass&& pass) {
    auto made = std::make_unique<redis::redis_lease>(won.lock, *client_, scripts_);
    won.lock->pass = std::move(pass);
    keeper_.keep(*won.lock);
    keeper_.moved(*won.lock, won.asked, won.lock->ttl);
    return made;
}

std::expected<std::unique_ptr<lock_manager>, lock_error> connect_redis(std::string_view url,
                                                                       const redis_settings& settings,
                                                                       const stop_token& stop) {
    auto where = parse_redis_url(url);
    if (!where) {
        return std::unexpected{lock_error{lock_failure::server_error, std::move(where.error())}};
    }
    auto client = redis_client::connect(*std::move(where), settings.client, stop);
    if (!client) {
        return std::unexpected{redis::to_lock_error(std::move(client.error()))};
    }
    auto made = redis_locks::make(*std::move(client), settings);
    if (!made) {
        return std::unexpected{std::move(made.error())};
    }
    return std::unique_ptr<lock_manager>{*std::move(made)};
}

}  // namespace fiberlab::locks
