// wait_queue: the fibers parked on one end of a channel, on a mutex, on a stop token; first in, first out.
//
// Nodes live on the waiting fibers' stacks. A fiber may wait on several queues at once (select, or one queue and a stop
// token and a deadline): its nodes then share a `parking`, and whoever claims that first decides how the wait ends.
#pragma once

#include <atomic>
#include <cstddef>

#include "patterns/core/status.hpp"

namespace fiberlab {

struct fiber_state;

// One blocked fiber that can be woken from several sides.
class parking {
public:
    static constexpr int unclaimed = -1;
    bool claim(int by) noexcept {
        int expected = unclaimed;
        return winner_.compare_exchange_strong(expected, by, std::memory_order_acq_rel);
    }
    int winner() const noexcept { return winner_.load(std::memory_order_acquire); }

private:
    std::atomic<int> winner_{unclaimed};
};

struct waiter {
    fiber_state* who = nullptr;
    void* element = nullptr;     // a sender's value, or a receiver's slot
    parking* shared = nullptr;   // null: this queue alone can wake it
    int index = 0;               // what to claim `shared` with
    status result = status::ok;  // set by the waker, so that what was delivered is never reported as closed
    std::size_t amount = 0;      // of a semaphore
    waiter* next = nullptr;
    waiter* previous = nullptr;
    bool linked = false;
};

class wait_queue {
public:
    bool empty() const noexcept { return head_ == nullptr; }
    std::size_t size() const noexcept { return size_; }
    waiter* front() const noexcept { return head_; }

    void push(waiter& w) noexcept {
        w.next = nullptr;
        w.previous = tail_;
        (tail_ != nullptr ? tail_->next : head_) = &w;
        tail_ = &w;
        w.linked = true;
        ++size_;
    }

    void unlink(waiter& w) noexcept {
        if (!w.linked) {
            return;
        }
        (w.previous != nullptr ? w.previous->next : head_) = w.next;
        (w.next != nullptr ? w.next->previous : tail_) = w.previous;
        w.linked = false;
        --size_;
    }

    // The first waiter that nobody else has woken, off the queue; null when there is none.
    waiter* pop() noexcept {
        while (waiter* w = head_) {
            unlink(*w);
            if (w->shared == nullptr || w->shared->claim(w->index)) {
                return w;
            }
        }
        return nullptr;
    }

    // The same for the waiter at `position`, where the order is not promised and the run chooses.
    waiter* pop_at(std::size_t position) noexcept {
        waiter* w = head_;
        while (position-- > 0 && w != nullptr) {
            w = w->next;
        }
        if (w == nullptr) {
            return nullptr;
        }
        unlink(*w);
        return w->shared == nullptr || w->shared->claim(w->index) ? w : pop();
    }

private:
    waiter* head_ = nullptr;
    waiter* tail_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace fiberlab
