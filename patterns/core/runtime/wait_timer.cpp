#include "patterns/core/runtime/wait_timer.hpp"

#include "patterns/core/runtime/scheduler.hpp"
#include "patterns/core/runtime/seam.hpp"

namespace fiberlab {

wait_timer::wait_timer(parking& shared, int claims_with, fiber_state& who, time_point deadline) {
    if (deadline == never) {
        return;
    }
    node_.at = deadline;
    node_.shared = &shared;
    node_.claims_with = claims_with;
    node_.who = &who;
    node_.fire = [](timer_node& fired) noexcept {
        auto& mine = static_cast<node&>(fired);
        if (mine.shared->claim(mine.claims_with)) {
            seam::note(operation::timeout, mine.who->self);
            seam::unpark(*mine.who);
        }
    };
    scheduler::current()->timers().add(node_);
}

wait_timer::~wait_timer() {
    if (node_.queued()) {
        scheduler::current()->timers().remove(node_);
    }
}

}  // namespace fiberlab
