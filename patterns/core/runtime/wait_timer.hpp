// wait_timer: ends one fiber's wait at a deadline, if nobody has claimed it before. Cancelled by its destructor.
#pragma once

#include "patterns/core/runtime/fiber_state.hpp"
#include "patterns/core/runtime/timer_queue.hpp"

namespace fiberlab {

class wait_timer {
public:
    // A deadline of `never` sets no timer.
    wait_timer(parking& shared, int claims_with, fiber_state& who, time_point deadline);
    ~wait_timer();
    wait_timer(const wait_timer&) = delete;
    wait_timer& operator=(const wait_timer&) = delete;
    wait_timer(wait_timer&&) = delete;
    wait_timer& operator=(wait_timer&&) = delete;

private:
    struct node : timer_node {
        parking* shared = nullptr;
        int claims_with = 0;
        fiber_state* who = nullptr;
    };
    node node_;
};

}  // namespace fiberlab
