// semaphore: n units shared out first come, first served, after golang.org/x/sync/semaphore.
//
//   semaphore slots{"slots", 4};
//   if (slots.acquire(2, stop) == status::ok) { …; slots.release(2); }
//
// A waiter that asks for many is not overtaken by later ones that ask for few, or it would starve. Asking for more than
// the size can never succeed and is refused at once (Go's original parks for ever).
#pragma once

#include <cstddef>

#include "patterns/core/runtime/fiber_state.hpp"
#include "patterns/core/runtime/wait.hpp"
#include "patterns/core/status.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab {

class semaphore {
public:
    semaphore(name called, std::size_t size) noexcept : self_{.label = called}, size_{size}, free_{size} {}
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;
    semaphore(semaphore&&) = delete;
    semaphore& operator=(semaphore&&) = delete;
    ~semaphore() = default;

    status acquire(std::size_t n = 1);                                                   // blocks; ok or refused
    status acquire(std::size_t n, const stop_token& stop, time_point deadline = never);  // also stopped, timeout
    status try_acquire(std::size_t n = 1);  // never blocks; ok, busy or refused
    void release(std::size_t n = 1) noexcept;

    std::size_t size() const noexcept { return size_; }
    std::size_t available() const noexcept { return free_; }
    std::size_t waiting() const noexcept { return waiters_.size(); }

private:
    status take(std::size_t n, const seam::limits& until);
    void serve() noexcept;

    sync_object self_;
    spinlock lock_;
    wait_queue waiters_;
    std::size_t size_;
    std::size_t free_;
};

}  // namespace fiberlab
