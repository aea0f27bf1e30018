// reactor: the descriptors a run waits for (epoll) and the helper threads that make its blocking calls.
//
// The scheduler's driver calls it when no fiber is ready, and every few turns when some always are. It never runs while
// a fiber holds a lock. Sources that have something to send mark themselves dirty; all are flushed together right
// before the next look at the descriptors, so that what many fibers ask of one connection leaves in one write.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "patterns/core/time.hpp"

namespace fiberlab {

// A descriptor's owner. Both calls run between two fibers: they must not block, and may unpark.
class io_source {
public:
    io_source() = default;
    virtual ~io_source() = default;
    io_source(const io_source&) = delete;
    io_source& operator=(const io_source&) = delete;
    io_source(io_source&&) = delete;
    io_source& operator=(io_source&&) = delete;

    virtual void on_ready(std::uint32_t epoll_events) noexcept = 0;
    virtual void flush() noexcept {}

private:
    friend class reactor;
    bool dirty_ = false;
};

class helper_threads;

class reactor {
public:
    reactor();
    ~reactor();  // waits for calls that are still being made
    reactor(const reactor&) = delete;
    reactor& operator=(const reactor&) = delete;
    reactor(reactor&&) = delete;
    reactor& operator=(reactor&&) = delete;

    // The source must stay until remove(). Throws std::system_error: EPERM for what epoll can't watch (a regular file).
    void add(int descriptor, io_source& source, std::uint32_t epoll_events);
    void modify(int descriptor, io_source& source, std::uint32_t epoll_events) const;
    void remove(int descriptor, io_source& source) noexcept;
    void mark_dirty(io_source& source);

    // Runs `call` on a helper thread, then `done` between two fibers.
    void offload(std::function<void()> call, std::function<void()> done);

    bool idle() const noexcept { return sources_ == 0 && calls_ == 0; }  // nothing here could ever wake a fiber
    void poll() noexcept;                                                // looks once
    void wait(std::chrono::nanoseconds at_most) noexcept;  // sleeps until something happens; negative: no limit
    // What wait() begins with. It may make fibers ready, where sending fails: call it before deciding to sleep.
    void flush() noexcept;
    static void interrupt() noexcept;  // ends a wait() of any reactor of this process; async-signal-safe

private:
    int epoll_;
    int wake_;
    std::size_t sources_ = 0;
    std::size_t calls_ = 0;
    std::vector<io_source*> dirty_;
    std::unique_ptr<helper_threads> helpers_;
};

}  // namespace fiberlab
