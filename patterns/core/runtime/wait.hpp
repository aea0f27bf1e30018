// wait_on: parks the calling fiber on one queue, and if asked on a stop token and a deadline as well.
//
// Every blocking operation of one object (lock, acquire, wait, push, pop) ends here, so that a cancelled waiter leaves
// its queue the same way everywhere. select has its own, for it waits on many objects.
#pragma once

#include "patterns/core/runtime/fiber_state.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/status.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab::seam {

// What may end a wait besides the waker.
struct limits {
    time_point deadline = never;
    stop_token stop{};
    bool none() const noexcept { return deadline == never && !stop.stop_possible(); }
};

// `held` guards `queue`: locked at the call, not locked at the return. `me.element` and `me.amount` are the waker's
// business. Returns what the waker set, timeout or stopped; in the latter two `me` has left the queue untouched.
status wait_on(wait_queue& queue, spinlock& held, waiter& me, operation doing, const sync_object& on,
               const limits& until = {});

// The waker's side: hands the result to a waiter that was popped, and makes its fiber ready.
inline void wake(waiter& popped, status result) noexcept {
    popped.result = result;
    unpark(*popped.who);
}

}  // namespace fiberlab::seam
