#include "patterns/replicated_requests/simulated_replicas.hpp"

#include "patterns/core/runtime/seam.hpp"

namespace fiberlab::demos {

using namespace std::chrono_literals;

simulated_replicas::simulated_replicas(std::size_t requests, std::size_t replicas, double refusing)
    : replicas_{replicas} {
    constexpr double slow = 0.03;
    plans_.reserve(requests * replicas);
    for (std::size_t i = 0; i < requests * replicas; ++i) {
        behaviour plan;
        plan.refuses = draw_chance(refusing);
        plan.takes = plan.refuses ? draw(500us, 1500us) : draw_chance(slow) ? draw(80ms, 200ms) : draw(5ms, 15ms);
        plan.lets_go = draw(200us, 2ms);
        plans_.push_back(plan);
    }
}

simulated_replicas simulated_replicas::one_refuses() {
    simulated_replicas made{1, 2, 0};
    made.plans_[0] = {.refuses = true, .takes = 1ms, .lets_go = 0ms};
    made.plans_[1] = {.refuses = false, .takes = 5ms, .lets_go = 1ms};
    return made;
}

answer<std::int64_t> simulated_replicas::ask(const question& of, const stop_token& cancelled) const {
    const behaviour& plan = plans_[of.request * replicas_ + of.replica];
    if (sleep_for(plan.takes, cancelled) == status::stopped) {
        sleep_for(plan.lets_go);
        return failure("cancelled");
    }
    if (plan.refuses) {
        return failure("refused: too many requests");
    }
    return static_cast<std::int64_t>(of.request);
}

}  // namespace fiberlab::demos
