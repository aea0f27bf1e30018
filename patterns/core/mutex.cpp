#include "patterns/core/mutex.hpp"

namespace fiberlab {

namespace {

// Which waiter is woken is not promised, so the run decides. In real time that is the oldest.
waiter* any_of(wait_queue& waiters) noexcept {
    const bool free_choice = waiters.size() > 1 && seam::observed_runs.load(std::memory_order_relaxed) != 0;
    return free_choice ? waiters.pop_at(seam::choose(waiters.size())) : waiters.pop();
}

}  // namespace

status mutex::acquire(const seam::limits& until) {
    seam::point(operation::lock, self_);
    lock_.lock();
    if (!held_) {
        held_ = true;
        self_.holder = seam::on_fiber() ? &seam::self() : nullptr;
        lock_.unlock();
        return status::ok;
    }
    waiter me;
    return seam::wait_on(waiters_, lock_, me, operation::lock, self_, until);
}

void mutex::lock() {
    [[maybe_unused]] const status locked = acquire({});
}

bool mutex::try_lock() {
    seam::point(operation::try_lock, self_);
    lock_.lock();
    const bool free = !held_;
    if (free) {
        held_ = true;
        self_.holder = seam::on_fiber() ? &seam::self() : nullptr;
    }
    lock_.unlock();
    return free;
}

status mutex::lock_until(time_point deadline, const stop_token& stop) {
    return acquire({.deadline = deadline, .stop = stop});
}

void mutex::unlock() noexcept {
    seam::quiet_point(operation::unlock, self_);
    lock_.lock();
    if (waiter* const next = any_of(waiters_)) {
        self_.holder = next->who;
        seam::wake(*next, status::ok);
    } else {
        held_ = false;
        self_.holder = nullptr;
    }
    lock_.unlock();
}

void condition::wait(mutex& held) {
    [[maybe_unused]] const status woken = wait_until(held, never);
}

status condition::wait_until(mutex& held, time_point deadline, const stop_token& stop) {
    seam::point(operation::wait, self_);
    lock_.lock();
    // In the queue before the mutex is free: a notification between the two is not lost.
    held.unlock();
    waiter me;
    status woken = status::ok;
    try {
        woken = seam::wait_on(waiters_, lock_, me, operation::wait, self_, {.deadline = deadline, .stop = stop});
    } catch (...) {
        held.lock();  // the caller's guard will unlock it
        throw;
    }
    held.lock();
    return woken;
}

void condition::notify_one() noexcept {
    seam::quiet_point(operation::notify_one, self_);
    lock_.lock();
    if (waiter* const next = any_of(waiters_)) {
        seam::wake(*next, status::ok);
    }
    lock_.unlock();
}

void condition::notify_all() noexcept {
    seam::quiet_point(operation::notify_all, self_);
    lock_.lock();
    while (waiter* const next = waiters_.pop()) {
        seam::wake(*next, status::ok);
    }
    lock_.unlock();
}

}  // namespace fiberlab
