// The built-in workload's servers: mostly quick, now and then slow, sometimes refusing, which is quicker still. What a
// server makes of a request is drawn once, so that every way of asking meets the same servers.
#pragma once

#include <cstddef>
#include <vector>

#include "patterns/core/time.hpp"
#include "patterns/replicated_requests/experiment.hpp"

namespace fiberlab::demos {

class simulated_replicas {
public:
    simulated_replicas(std::size_t requests, std::size_t replicas, double refusing);

    answer<std::int64_t> ask(const question& of, const stop_token& cancelled) const;

    // For a story that is the same whatever was drawn: the first replica refuses, the second helps.
    static simulated_replicas one_refuses();

private:
    struct behaviour {
        bool refuses = false;
        duration takes{};
        duration lets_go{};  // how long it goes on after having been told to stop
    };

    std::size_t replicas_;
    std::vector<behaviour> plans_;
};

}  // namespace fiberlab::demos
