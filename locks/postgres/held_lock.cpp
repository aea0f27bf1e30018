#include "locks/postgres/held_lock.hpp"

#include <utility>

#include "locks/postgres/patience.hpp"
#include "patterns/core/runtime/seam.hpp"

namespace fiberlab::locks::postgres {

held_lock::held_lock(parts of)
    : its_{std::move(of)}, lost_{std::in_place, its_.on->lost(), "lease"}, token_{lost_->token()} {}

held_lock::~held_lock() {
    // Without the reactor nothing can be sent: the end of the session gives the lock back.
    if (!released_ && seam::on_fiber() && !seam::unwinding()) {
        give_back_quietly();
    }
}

bool held_lock::give_back_quietly() noexcept {
    try {
        return give_back(its_.undo).has_value();
    } catch (...) {
        return false;  // the run ended while we waited for the reply
    }
}

std::expected<void, lock_error> held_lock::release() {
    return give_back(its_.give_back);
}

std::expected<void, lock_error> held_lock::give_back(const statement& how) {
    if (std::exchange(released_, true)) {
        return {};
    }
    lost_.reset();  // what becomes of the session later is not this lease's business
    const session::pending sent = its_.which.empty() ? its_.on->send(how, {}) : its_.on->gather(how, its_.which);
    if (!its_.lent.has_value()) {
        // Whoever is next uses the same session, whose statements are executed in order.
        its_.mine.end();
    }
    session::reply done = session::wait(*sent, {.deadline = after(a_release)});
    const bool ours = done && (done->none() || done->is_true(0, 0));
    if (its_.lent.has_value()) {
        if (ours) {
            its_.lent->in_order();
        }
        its_.lent.reset();
        its_.mine.end();
    }
    if (ours) {
        return {};
    }
    if (!its_.on->alive() || done) {
        return std::unexpected{loss()};
    }
    lock_error why = done.error().as_lock_error();
    if (why.why == lock_failure::timeout) {
        why = {lock_failure::disconnected,
               "the server does not answer; the lock goes when it does, or with the session"};
    }
    return std::unexpected{std::move(why)};
}

std::expected<void, lock_error> held_lock::renew(duration /*ttl*/) {
    constexpr statement question{.text = "SELECT true"};
    if (!is_held()) {
        return std::unexpected{loss()};
    }
    const session::reply answer = its_.on->execute(question, {}, {.deadline = after(a_release)});
    if (answer) {
        return {};
    }
    return std::unexpected{its_.on->alive() ? answer.error().as_lock_error() : loss()};
}

lock_error held_lock::loss() const {
    if (its_.on->alive()) {
        return {lock_failure::lost, "the lease is not held any more"};
    }
    return {lock_failure::lost, "its session is lost: " + its_.on->lost().cause()};
}

}  // namespace fiberlab::locks::postgres
