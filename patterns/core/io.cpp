#include "patterns/core/io.hpp"

#include <sys/epoll.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <system_error>

#include "patterns/core/runtime/scheduler.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/runtime/wait.hpp"

namespace fiberlab {

namespace {

const sync_object a_descriptor{.label = "a descriptor"};
const sync_object a_helper{.label = "a helper thread"};

reactor& io() {
    seam::self();  // a clear error outside a fiber
    return scheduler::current()->io();
}

// Wakes the one fiber that waits when its descriptor is ready.
class descriptor_wait final : public io_source {
public:
    descriptor_wait(int number, std::uint32_t events) : number_{number} {
        try {
            io().add(number, *this, events | EPOLLONESHOT);
            watched_ = true;
        } catch (const std::system_error& refused) {
            if (refused.code().value() != EPERM) {
                throw;
            }
            ready_ = true;  // a regular file
        }
    }
    ~descriptor_wait() override {
        if (watched_) {
            scheduler::current()->io().remove(number_, *this);
        }
    }
    descriptor_wait(const descriptor_wait&) = delete;
    descriptor_wait& operator=(const descriptor_wait&) = delete;
    descriptor_wait(descriptor_wait&&) = delete;
    descriptor_wait& operator=(descriptor_wait&&) = delete;

    void on_ready(std::uint32_t /*epoll_events*/) noexcept override {
        ready_ = true;
        if (waiter* const one = waiters_.pop()) {
            seam::wake(*one, status::ok);
        }
    }

    status wait(const seam::limits& until) {
        if (ready_) {
            return status::ok;
        }
        if (until.stop.stop_requested()) {
            return status::stopped;
        }
        lock_.lock();
        waiter me;
        return seam::wait_on(waiters_, lock_, me, operation::wait, a_descriptor, until);
    }

private:
    int number_;
    bool watched_ = false;
    bool ready_ = false;
    spinlock lock_;
    wait_queue waiters_;
};

}  // namespace

status wait_readable(int number, time_point deadline, const stop_token& stop) {
    return descriptor_wait{number, EPOLLIN | EPOLLRDHUP}.wait({.deadline = deadline, .stop = stop});
}

status wait_writable(int number, time_point deadline, const stop_token& stop) {
    return descriptor_wait{number, EPOLLOUT}.wait({.deadline = deadline, .stop = stop});
}

namespace seam {

void offload(const std::function<void()>& call) {
    std::mutex guard;
    std::condition_variable returned;
    bool done = false;

    spinlock lock;
    wait_queue waiters;
    io().offload(
        [&] {
            call();
            // Notified while locked: the fiber may be gone, and this frame with it, as soon as the lock is free.
            const std::lock_guard hold{guard};
            done = true;
            returned.notify_all();
        },
        [&waiters] {
            if (waiter* const one = waiters.pop()) {
                wake(*one, status::ok);
            }
        });
    lock.lock();
    waiter me;
    try {
        [[maybe_unused]] const status finished = wait_on(waiters, lock, me, operation::wait, a_helper);
    } catch (...) {
        // The run is over, but the call still uses what this stack owns.
        std::unique_lock hold{guard};
        returned.wait(hold, [&] { return done; });
        throw;
    }
}

}  // namespace seam

}  // namespace fiberlab
