#include "patterns/core/semaphore.hpp"

#include <algorithm>

#include "patterns/core/runtime/seam.hpp"

namespace fiberlab {

status semaphore::acquire(std::size_t n) {
    return take(n, {});
}

status semaphore::acquire(std::size_t n, const stop_token& stop, time_point deadline) {
    return take(n, {.deadline = deadline, .stop = stop});
}

status semaphore::take(std::size_t n, const seam::limits& until) {
    if (n > size_) {
        return status::refused;
    }
    seam::point(operation::acquire, self_);
    lock_.lock();
    if (waiters_.empty() && free_ >= n) {
        free_ -= n;
        lock_.unlock();
        return status::ok;
    }
    waiter me;
    me.amount = n;
    const status done = seam::wait_on(waiters_, lock_, me, operation::acquire, self_, until);
    if (done != status::ok) {
        // A large request that gives up may have held back smaller ones behind it.
        lock_.lock();
        serve();
        lock_.unlock();
    }
    return done;
}

status semaphore::try_acquire(std::size_t n) {
    if (n > size_) {
        return status::refused;
    }
    seam::point(operation::try_acquire, self_);
    lock_.lock();
    const bool free = waiters_.empty() && free_ >= n;
    if (free) {
        free_ -= n;
    }
    lock_.unlock();
    return free ? status::ok : status::busy;
}

void semaphore::release(std::size_t n) noexcept {
    seam::quiet_point(operation::release, self_);
    lock_.lock();
    free_ = std::min(size_, free_ + n);
    serve();
    lock_.unlock();
}

void semaphore::serve() noexcept {
    while (waiter* const first = waiters_.front()) {
        if (first->amount > free_) {
            return;
        }
        waiters_.unlink(*first);
        if (first->shared == nullptr || first->shared->claim(first->index)) {
            free_ -= first->amount;
            seam::wake(*first, status::ok);
        }
    }
}

}  // namespace fiberlab
