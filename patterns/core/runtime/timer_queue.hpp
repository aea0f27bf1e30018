// timer_queue: the timers of a run, soonest first; equal deadlines fire in the order they were set.
//
// A binary heap of nodes that live with their users (on a waiting fiber's stack, in a stop source), so that setting and
// cancelling a timer never allocates once the heap has grown. One queue serves real and virtual time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "patterns/core/time.hpp"

namespace fiberlab {

struct timer_node {
    static constexpr std::size_t not_queued = static_cast<std::size_t>(-1);

    time_point at{};
    std::uint64_t order = 0;
    std::size_t slot = not_queued;
    void (*fire)(timer_node&) noexcept = nullptr;  // runs between two fibers: it must not block

    bool queued() const noexcept { return slot != not_queued; }
};

class timer_queue {
public:
    void add(timer_node& node);
    void remove(timer_node& node) noexcept;  // does nothing when the node is not queued
    bool empty() const noexcept { return heap_.empty(); }
    std::size_t size() const noexcept { return heap_.size(); }
    time_point next() const noexcept { return heap_.empty() ? never : heap_.front()->at; }
    void fire_until(time_point now) noexcept;  // every node whose time has come
    void clear() noexcept;                     // forgets them all, firing none

private:
    static bool sooner(const timer_node& a, const timer_node& b) noexcept {
        return a.at != b.at ? a.at < b.at : a.order < b.order;
    }
    void place(std::size_t slot, timer_node* node) noexcept;
    void up(std::size_t slot, timer_node* node) noexcept;
    void down(std::size_t slot, timer_node* node) noexcept;

    std::vector<timer_node*> heap_;
    std::uint64_t next_order_ = 0;
};

}  // namespace fiberlab
