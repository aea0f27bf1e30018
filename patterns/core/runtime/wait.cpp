#include "patterns/core/runtime/wait.hpp"

#include "patterns/core/runtime/scheduler.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/runtime/stop_state.hpp"
#include "patterns/core/runtime/wait_timer.hpp"

namespace fiberlab::seam {

namespace {

enum winner : int { by_waker, by_stop, by_timer };

// Takes the waiter out of its queue however the wait ends, the end of the run included.
struct leave_queue {
    wait_queue& queue;
    spinlock& guard;
    waiter& me;
    leave_queue(wait_queue& q, spinlock& g, waiter& w) : queue{q}, guard{g}, me{w} {}
    leave_queue(const leave_queue&) = delete;
    leave_queue& operator=(const leave_queue&) = delete;
    leave_queue(leave_queue&&) = delete;
    leave_queue& operator=(leave_queue&&) = delete;
    ~leave_queue() {
        guard.lock();
        queue.unlink(me);
        guard.unlock();
    }
};

}  // namespace

status wait_on(wait_queue& queue, spinlock& held, waiter& me, operation doing, const sync_object& on,
               const limits& until) {
    me.who = &self();
    if (until.none()) {
        queue.push(me);
        const leave_queue leaving{queue, held, me};
        park(held, doing, on);
        return me.result;
    }

    parking shared;
    me.shared = &shared;
    me.index = by_waker;
    queue.push(me);
    const leave_queue leaving{queue, held, me};

    wait_timer timer{shared, by_timer, *me.who, until.deadline};
    if (!until.stop.stop_possible()) {
        park(held, doing, on);
    } else {
        stop_state& stop = *until.stop.state();
        stop.lock.lock();
        if (stop.stopped && shared.claim(by_stop)) {
            stop.lock.unlock();
            held.unlock();
            return status::stopped;
        }
        waiter for_stop{.who = me.who, .shared = &shared, .index = by_stop};
        stop.waiters.push(for_stop);
        const leave_queue leaving_stop{stop.waiters, stop.lock, for_stop};
        stop.lock.unlock();
        park(held, doing, on);
    }
    switch (shared.winner()) {
        case by_stop:
            return status::stopped;
        case by_timer:
            return status::timeout;
        default:
            return me.result;
    }
}

}  // namespace fiberlab::seam
