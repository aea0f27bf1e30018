#include "locks/postgres/transaction_locks.hpp"

#include <array>
#include <utility>

#include "locks/postgres/blocking_wait.hpp"
#include "locks/postgres/lock_id.hpp"
#include "locks/postgres/patience.hpp"

namespace fiberlab::locks::postgres {

namespace {

constexpr statement begin{.name = "begin", .text = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"};
constexpr statement commit{.name = "commit", .text = "COMMIT"};
constexpr statement roll_back{.name = "roll_back", .text = "ROLLBACK"};

// As of session_locks, but for the lock's kind.
constexpr statement try_lock{
    .name = "try_xact_lock",
    .text = "SELECT CASE WHEN pg_try_advisory_xact_lock($1::bigint) THEN nextval('public.fiberlab_fence') END"};
constexpr statement wait_lock{
    .name = "wait_xact_lock",
    .text =
        "WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', $2, true)) "
        "SELECT CASE WHEN pg_advisory_xact_lock($1::bigint)::text = '' THEN nextval('public.fiberlab_fence') END "
        "FROM patience"};
constexpr std::array prepared{begin, commit, roll_back, try_lock, wait_lock};

}  // namespace

std::span<const statement> transaction_locks::statements() noexcept {
    return prepared;
}

lock_manager::result transaction_locks::try_acquire(std::string_view key, const lock_request& request) {
    const std::int64_t id = lock_id(key);
    auto mine = its_->waiting.try_take(id);
    if (!mine) {
        return std::unexpected{lock_error{lock_failure::busy, "another fiber of this process has it"}};
    }
    const seam::limits until{.deadline = at_least_a_reply(request.deadline), .stop = request.stop};
    auto lent = its_->pool.borrow(clock::now(), until);
    if (!lent && lent.error().why == lock_failure::timeout) {
        const std::string most = std::to_string(its_->pool.most_loans());
        return std::unexpected{lock_error{lock_failure::busy, "all " + most + " sessions hold locks or wait for them"}};
    }
    if (!lent) {
        return std::unexpected{lent.error().as_lock_error()};
    }
    return take(*std::move(lent), *std::move(mine), try_lock, {std::to_string(id)}, until);
}

lock_manager::result transaction_locks::acquire(std::string_view key, const lock_request& request) {
    const std::int64_t id = lock_id(key);
    const seam::limits until{.deadline = request.deadline, .stop = request.stop};
    auto mine = its_->waiting.wait(id, request.deadline, request.stop);
    if (!mine) {
        return std::unexpected{gave_up(mine.error()).as_lock_error()};
    }
    auto lent = its_->pool.borrow(request.deadline, until);
    if (!lent) {
        return std::unexpected{lent.error().as_lock_error()};
    }
    return take(*std::move(lent), *std::move(mine), wait_lock, {std::to_string(id), lock_timeout(request.deadline)},
                until);
}

lock_manager::result transaction_locks::take(loan lent, turn mine, const statement& how, session::arguments with,
                                             const seam::limits& until) {
    if (until.stop.stop_requested()) {
        lent.in_order();
        return std::unexpected{gave_up(status::stopped).as_lock_error()};
    }
    lent->send(begin, {});
    const session::pending sent = lent->send(how, std::move(with));
    wait_outcome outcome = wait_or_cancel(its_->pool, *lent, sent, until);
    const std::optional<std::int64_t> fence = outcome.reply ? outcome.reply->number(0, 0) : std::nullopt;
    if (fence.has_value()) {
        std::shared_ptr<session> on = lent.shared();
        return std::make_unique<held_lock>(held_lock::parts{.of = its_,
                                                            .mine = std::move(mine),
                                                            .on = std::move(on),
                                                            .lent = std::move(lent),
                                                            .fence = *fence,
                                                            .give_back = commit,
                                                            .undo = roll_back});
    }
    if (outcome.settled && lent->execute(roll_back, {}, {.deadline = after(a_reply)})) {
        lent.in_order();
    }
    if (outcome.reply) {
        return std::unexpected{lock_error{lock_failure::busy, "another transaction has it"}};
    }
    return std::unexpected{outcome.reply.error().as_lock_error()};
}

}  // namespace fiberlab::locks::postgres
