// wake_flag: one fiber waits for it, anything raises it, also what runs between two fibers (a reply, a timer).
//
// Raised before it is waited for, it is not lost: the next wait takes it and returns at once.
#pragma once

#include "patterns/core/runtime/fiber_state.hpp"
#include "patterns/core/runtime/wait.hpp"
#include "patterns/core/status.hpp"

namespace fiberlab::locks::redis {

class wake_flag {
public:
    explicit wake_flag(name called) noexcept : self_{.label = called} {}
    wake_flag(const wake_flag&) = delete;
    wake_flag& operator=(const wake_flag&) = delete;
    wake_flag(wake_flag&&) = delete;
    wake_flag& operator=(wake_flag&&) = delete;
    ~wake_flag() = default;

    void raise() noexcept {
        lock_.lock();
        raised_ = true;
        waiter* const waiting = waiting_.pop();
        lock_.unlock();
        if (waiting != nullptr) {
            seam::wake(*waiting, status::ok);
        }
    }

    status wait(const seam::limits& until = {}) {  // ok, timeout or stopped
        lock_.lock();
        status woken = status::ok;
        if (raised_) {
            lock_.unlock();
        } else {
            waiter me;
            woken = seam::wait_on(waiting_, lock_, me, operation::wait, self_, until);
        }
        if (woken == status::ok) {
            raised_ = false;
        }
        return woken;
    }

private:
    sync_object self_;
    spinlock lock_;
    wait_queue waiting_;
    bool raised_ = false;
};

}  // namespace fiberlab::locks::redis
