// spinlock: guards the few words of a channel, a mutex or a stop source.
//
// A run on one thread needs no lock, for fibers switch only where they say so; the lock is then no instruction at all.
// Every structure takes it all the same, in the order that several threads will need, and hands it to the scheduler
// when a fiber parks: it may be released only once the fiber has left its stack, or a waker on another thread could
// resume a fiber that is still running.
#pragma once

namespace fiberlab {

class spinlock {
public:
    void lock() noexcept {}
    void unlock() noexcept {}
};

}  // namespace fiberlab
