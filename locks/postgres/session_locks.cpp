#include "locks/postgres/session_locks.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "locks/postgres/blocking_wait.hpp"
#include "locks/postgres/lock_id.hpp"
#include "locks/postgres/patience.hpp"
#include "patterns/core/runtime/seam.hpp"

namespace fiberlab::locks::postgres {

namespace {

// CASE takes the token after the grant and only then: taken before, the tokens of two waiters could come in the wrong
// order. MATERIALIZED sets the time-out before the wait begins, in the same round trip.
constexpr statement try_locks{.name = "try_locks",
                              .text =
                                  "SELECT CASE WHEN pg_try_advisory_lock(id) "
                                  "THEN nextval('public.fiberlab_fence') END FROM unnest($1::bigint[]) AS id",
                              .rank = 1};
constexpr statement wait_lock{
    .name = "wait_lock",
    .text =
        "WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', $2, true)) "
        "SELECT CASE WHEN pg_advisory_lock($1::bigint)::text = '' THEN nextval('public.fiberlab_fence') END "
        "FROM patience"};
constexpr statement unlocks{.name = "unlocks", .text = "SELECT pg_advisory_unlock(id) FROM unnest($1::bigint[]) AS id"};
constexpr std::array prepared{try_locks, wait_lock, unlocks};

// Of what a session may hold after an error; it makes no difference when it holds nothing.
bool give_back(session& by, const std::string& which) {
    return session::wait(*by.gather(unlocks, which), {.deadline = after(a_reply)}).has_value();
}

constexpr duration shortest_pause = std::chrono::milliseconds{2};
constexpr duration longest_pause = std::chrono::milliseconds{64};

}  // namespace

std::span<const statement> session_locks::statements() noexcept {
    return prepared;
}

lock_manager::result session_locks::try_acquire(std::string_view key, const lock_request& request) {
    const std::int64_t id = lock_id(key);
    auto mine = its_->waiting.try_take(id);
    if (!mine) {
        return std::unexpected{lock_error{lock_failure::busy, "another fiber of this process has it"}};
    }
    auto tried = try_once(id, {.deadline = request.deadline, .stop = request.stop});
    if (!tried) {
        return std::unexpected{tried.error().as_lock_error()};
    }
    if (!tried->fence.has_value()) {
        return std::unexpected{lock_error{lock_failure::busy, "another session has it"}};
    }
    return hold(std::move(tried->on), std::nullopt, *std::move(mine), id, *tried->fence);
}

lock_manager::result session_locks::acquire(std::string_view key, const lock_request& request) {
    const std::int64_t id = lock_id(key);
    const seam::limits until{.deadline = request.deadline, .stop = request.stop};
    auto mine = its_->waiting.wait(id, request.deadline, request.stop);
    if (!mine) {
        return std::unexpected{gave_up(mine.error()).as_lock_error()};
    }
    for (duration pause = shortest_pause;; pause = std::min(2 * pause, longest_pause)) {
        auto tried = try_once(id, until);
        if (!tried) {
            return std::unexpected{tried.error().as_lock_error()};
        }
        if (tried->fence.has_value()) {
            return hold(std::move(tried->on), std::nullopt, *std::move(mine), id, *tried->fence);
        }
        if (clock::now() >= request.deadline) {
            return std::unexpected{gave_up(status::timeout).as_lock_error()};
        }
        const time_point next_try = std::min(request.deadline, after(draw(pause / 2, pause)));
        auto lent = its_->pool.borrow(next_try, until);
        if (lent) {
            return wait_on(*std::move(lent), *std::move(mine), id, until);
        }
        switch (lent.error().why) {
            case lock_failure::timeout:
                break;
            case lock_failure::server_error:  // it allows no more sessions
                if (const status slept = sleep_for(next_try - clock::now(), request.stop); slept == status::stopped) {
                    return std::unexpected{gave_up(slept).as_lock_error()};
                }
                break;
            default:
                return std::unexpected{lent.error().as_lock_error()};
        }
    }
}

std::expected<session_locks::attempt, sql_error> session_locks::try_once(std::int64_t id, const seam::limits& until) {
    if (until.stop.stop_requested()) {
        return std::unexpected{gave_up(status::stopped)};
    }
    auto on = its_->pool.shared(until);
    if (!on) {
        return std::unexpected{std::move(on.error())};
    }
    const std::string which = std::to_string(id);
    const seam::limits reply_by{.deadline = at_least_a_reply(until.deadline), .stop = until.stop};
    session::pending sent = (*on)->gather(try_locks, which);
    session::reply done = session::wait(*sent, reply_by);
    const auto refused = [&] { return !done && done.error().why == lock_failure::server_error; };
    if (refused()) {
        // Perhaps for another's sake. Those before it in the list have got their locks all the same.
        give_back(**on, which);
        sent = (*on)->send(try_locks, {"{" + which + "}"}, session::sending::independent);
        done = session::wait(*sent, reply_by);
    }
    if (done) {
        return attempt{.on = *std::move(on), .fence = done->number(0, 0)};
    }
    if (refused()) {
        give_back(**on, which);
    } else if (session::under_way(*sent)) {
        // The lock may yet be granted, to nobody.
        session::when_late(*sent, [on = std::weak_ptr{*on}, which](const session::reply& late) {
            const std::shared_ptr<session> still = on.lock();
            if (still != nullptr && (!late || late->number(0, 0).has_value())) {
                still->gather(unlocks, which);
            }
        });
    }
    return std::unexpected{std::move(done.error())};
}

lock_manager::result session_locks::wait_on(loan lent, turn mine, std::int64_t id, const seam::limits& until) {
    const session::pending sent = lent->send(wait_lock, {std::to_string(id), lock_timeout(until.deadline)});
    wait_outcome outcome = wait_or_cancel(its_->pool, *lent, sent, until);
    if (outcome.reply) {
        const std::int64_t fence = outcome.reply->number(0, 0).value_or(0);
        std::shared_ptr<session> on = lent.shared();
        return hold(std::move(on), std::move(lent), std::move(mine), id, fence);
    }
    if (outcome.settled && give_back(*lent, std::to_string(id))) {
        lent.in_order();
    }
    return std::unexpected{outcome.reply.error().as_lock_error()};
}

std::unique_ptr<lease> session_locks::hold(std::shared_ptr<session> on, std::optional<loan> lent, turn mine,
                                           std::int64_t id, std::int64_t fence) {
    return std::make_unique<held_lock>(held_lock::parts{.of = its_,
                                                        .mine = std::move(mine),
                                                        .on = std::move(on),
                                                        .lent = std::move(lent),
                                                        .fence = fence,
                                                        .give_back = unlocks,
                                                        .undo = unlocks,
                                                        .which = std::to_string(id)});
}

}  // namespace fiberlab::locks::postgres
