// fiber_state: what the runtime keeps of one fiber, from spawn until its last handle is gone.
//
// A fiber needs no stack before it first runs: `spawn` queues this record, and a worker's stack is bound when it
// starts.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <utility>

#include "patterns/core/name.hpp"
#include "patterns/core/runtime/operation.hpp"
#include "patterns/core/runtime/spinlock.hpp"
#include "patterns/core/runtime/wait_queue.hpp"

namespace fiberlab {

class worker;
struct fiber_state;

// What every channel, lock and stop source has in common: something to name in "waits for …, held by …".
struct sync_object {
    name label;
    const fiber_state* holder = nullptr;  // the fiber that keeps others waiting, where there is exactly one
};

struct fiber_state {
    enum class phase : std::uint8_t { ready, running, parked, ended };

    explicit fiber_state(name called) noexcept : self{called} {}
    virtual ~fiber_state() = default;
    fiber_state(const fiber_state&) = delete;
    fiber_state& operator=(const fiber_state&) = delete;
    fiber_state(fiber_state&&) = delete;
    fiber_state& operator=(fiber_state&&) = delete;

    virtual void run() = 0;               // the body, once
    virtual void discard() noexcept = 0;  // destroys the body, run or not, before the fiber counts as ended

    sync_object self;  // its name, as what joiners wait for
    std::uint32_t id = 0;
    std::uint64_t key = 0;  // a hash of its spawn path: the same fiber under every schedule
    std::uint32_t children = 0;
    std::uint64_t steps = 0;  // points passed
    std::uint64_t draws = 0;  // random numbers taken

    phase now = phase::ready;
    bool unwinding = false;  // its wait was ended by the end of the run
    operation waiting_for = operation::begin;
    const sync_object* waiting_on = nullptr;
    worker* on = nullptr;  // its stack, while it has one

    std::exception_ptr failure;
    bool failure_taken = false;
    spinlock lock;
    wait_queue joiners;

    fiber_state* older = nullptr;  // the run's list of fibers that have not ended
    fiber_state* newer = nullptr;
    std::atomic<std::uint32_t> references{1};
};

template <class Body>
struct fiber_body final : fiber_state {
    fiber_body(name called, Body&& work) : fiber_state{called}, body_{std::move(work)} {}
    ~fiber_body() override { discard(); }
    fiber_body(const fiber_body&) = delete;
    fiber_body& operator=(const fiber_body&) = delete;
    fiber_body(fiber_body&&) = delete;
    fiber_body& operator=(fiber_body&&) = delete;

    void run() override { body_(); }
    void discard() noexcept override {
        if (std::exchange(alive_, false)) {
            body_.~Body();
        }
    }

private:
    // In a union: what the body captured must go when the fiber ends, not when its last handle does.
    union {
        Body body_;
    };
    bool alive_ = true;
};

}  // namespace fiberlab
