#include "patterns/core/runtime/timer_queue.hpp"

namespace fiberlab {

void timer_queue::place(std::size_t slot, timer_node* node) noexcept {
    heap_[slot] = node;
    node->slot = slot;
}

void timer_queue::up(std::size_t slot, timer_node* node) noexcept {
    while (slot > 0) {
        const std::size_t parent = (slot - 1) / 2;
        if (!sooner(*node, *heap_[parent])) {
            break;
        }
        place(slot, heap_[parent]);
        slot = parent;
    }
    place(slot, node);
}

void timer_queue::down(std::size_t slot, timer_node* node) noexcept {
    for (;;) {
        std::size_t child = 2 * slot + 1;
        if (child >= heap_.size()) {
            break;
        }
        if (child + 1 < heap_.size() && sooner(*heap_[child + 1], *heap_[child])) {
            ++child;
        }
        if (!sooner(*heap_[child], *node)) {
            break;
        }
        place(slot, heap_[child]);
        slot = child;
    }
    place(slot, node);
}

void timer_queue::add(timer_node& node) {
    node.order = next_order_++;
    heap_.push_back(&node);
    up(heap_.size() - 1, &node);
}

void timer_queue::remove(timer_node& node) noexcept {
    if (!node.queued()) {
        return;
    }
    const std::size_t slot = node.slot;
    node.slot = timer_node::not_queued;
    timer_node* const last = heap_.back();
    heap_.pop_back();
    if (last == &node) {
        return;
    }
    if (slot > 0 && sooner(*last, *heap_[(slot - 1) / 2])) {
        up(slot, last);
    } else {
        down(slot, last);
    }
}

void timer_queue::fire_until(time_point now) noexcept {
    while (!heap_.empty() && heap_.front()->at <= now) {
        timer_node& due = *heap_.front();
        remove(due);
        due.fire(due);
    }
}

void timer_queue::clear() noexcept {
    for (timer_node* node : heap_) {
        node->slot = timer_node::not_queued;
    }
    heap_.clear();
    next_order_ = 0;
}

}  // namespace fiberlab
