// mutex, condition: mutual exclusion and waiting for a predicate, between fibers.
//
//   mutex guard{"accounts"};
//   condition changed{"accounts changed"};
//   { const std::lock_guard hold{guard}; … changed.notify_all(); }
//   { std::unique_lock hold{guard}; changed.wait(guard, [&] { return total > 0; }); }
//
// unlock hands the mutex to one of the waiters, so nobody can slip in between and no waiter starves in real time, where
// the waiter is the oldest. In virtual time the run chooses which one: code must not depend on the order. Not
// recursive: locking it twice is a deadlock that names its own holder.
#pragma once

#include <mutex>

#include "patterns/core/runtime/fiber_state.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/runtime/wait.hpp"
#include "patterns/core/status.hpp"

namespace fiberlab {

class mutex {
public:
    explicit mutex(name called = "mutex") noexcept : self_{.label = called} {}
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;
    mutex(mutex&&) = delete;
    mutex& operator=(mutex&&) = delete;
    ~mutex() = default;

    void lock();                                                          // blocks
    [[nodiscard]] bool try_lock();                                        // never blocks
    status lock_until(time_point deadline, const stop_token& stop = {});  // ok, timeout or stopped
    void unlock() noexcept;                                               // by the fiber that holds it

    const fiber_state* holder() const noexcept { return self_.holder; }
    std::size_t waiting() const noexcept { return waiters_.size(); }

private:
    status acquire(const seam::limits& until);

    sync_object self_;
    spinlock lock_;
    wait_queue waiters_;
    bool held_ = false;
};

class condition {
public:
    explicit condition(name called = "condition") noexcept : self_{.label = called} {}
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;
    condition(condition&&) = delete;
    condition& operator=(condition&&) = delete;
    ~condition() = default;

    // Gives up `held`, blocks until notified, and takes it again before it returns, whatever it returns.
    void wait(mutex& held);
    status wait_until(mutex& held, time_point deadline, const stop_token& stop = {});

    template <class Predicate>
    void wait(mutex& held, Predicate&& holds) {
        while (!holds()) {
            wait(held);
        }
    }

    void notify_one() noexcept;  // any one of the waiters
    void notify_all() noexcept;

private:
    sync_object self_;
    spinlock lock_;
    wait_queue waiters_;
};

}  // namespace fiberlab
