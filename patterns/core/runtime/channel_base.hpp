// channel_base: the part of a channel that does not depend on what it carries: its state, its two queues, closing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "patterns/core/name.hpp"
#include "patterns/core/runtime/fiber_state.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/runtime/spinlock.hpp"
#include "patterns/core/runtime/wait.hpp"
#include "patterns/core/runtime/wait_queue.hpp"

namespace fiberlab {

class channel_base {
public:
    channel_base(const channel_base&) = delete;
    channel_base& operator=(const channel_base&) = delete;
    channel_base(channel_base&&) = delete;
    channel_base& operator=(channel_base&&) = delete;

    void close() noexcept;  // wakes every waiter; the second call does nothing

    // Looks that may be out of date as soon as they are taken: for reports and for select's first glance.
    bool closed() const noexcept { return closed_; }
    std::size_t size() const noexcept { return count_; }  // buffered values
    std::size_t capacity() const noexcept { return capacity_; }
    std::size_t waiting_senders() const noexcept { return senders_.size(); }
    std::size_t waiting_receivers() const noexcept { return receivers_.size(); }
    const name& label() const noexcept { return self_.label; }

    // ---- for select
    bool can_push() const noexcept { return closed_ || count_ < capacity_ || !receivers_.empty(); }
    bool can_pop() const noexcept { return closed_ || count_ > 0 || !senders_.empty(); }
    spinlock& guard() noexcept { return lock_; }
    wait_queue& senders() noexcept { return senders_; }
    wait_queue& receivers() noexcept { return receivers_; }
    const sync_object& object() const noexcept { return self_; }

protected:
    channel_base(name called, std::size_t capacity) noexcept : self_{.label = called}, capacity_{capacity} {}
    ~channel_base() = default;

    std::size_t back_index() const noexcept {
        const std::size_t at = head_ + count_;
        return at >= capacity_ ? at - capacity_ : at;
    }
    void drop_front() noexcept {
        if (++head_ == capacity_) {
            head_ = 0;
        }
        --count_;
    }

    sync_object self_;
    spinlock lock_;
    wait_queue senders_;
    wait_queue receivers_;
    std::size_t capacity_;
    std::size_t head_ = 0;
    std::size_t count_ = 0;
    bool closed_ = false;
};

}  // namespace fiberlab
