// alarm: calls a function at a time of the run's clock, between two fibers, so the function must not block.
//
// Setting it again replaces the time. The destructor takes it back.
#pragma once

#include <functional>
#include <utility>

#include "patterns/core/runtime/scheduler.hpp"
#include "patterns/core/runtime/timer_queue.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab::locks::redis {

class alarm {
public:
    explicit alarm(std::function<void()> action) : action_{std::move(action)} {
        node_.owner = this;
        node_.fire = [](timer_node& fired) noexcept { static_cast<node&>(fired).owner->action_(); };
    }
    ~alarm() { cancel(); }
    alarm(const alarm&) = delete;
    alarm& operator=(const alarm&) = delete;
    alarm(alarm&&) = delete;
    alarm& operator=(alarm&&) = delete;

    void set(time_point at) {
        cancel();
        node_.at = at;
        scheduler::current()->timers().add(node_);
    }

    void cancel() noexcept {
        if (node_.queued()) {
            scheduler::current()->timers().remove(node_);
        }
    }

private:
    struct node : timer_node {
        alarm* owner = nullptr;
    };

    std::function<void()> action_;
    node node_;
};

}  // namespace fiberlab::locks::redis
