// strategy: decides, in a run of one thread and virtual time, who goes on at every point and how every free choice
// falls.
//
// The seeded strategy below makes ordinary virtual runs; a schedule explorer is another strategy over the same points.
#pragma once

#include <cstddef>
#include <cstdint>

#include "patterns/core/runtime/random.hpp"

namespace fiberlab {

struct fiber_state;

// One decision: the fibers that could run now. Index 0 is the current fiber when it may go on.
struct decision {
    fiber_state* current = nullptr;  // null between two fibers
    bool current_enabled = false;    // it is at a point, not parked or ended
    bool yielding = false;           // it offers its turn: others first
    std::size_t enabled = 0;         // how many could run, the current one included when enabled
    std::uint64_t step = 0;          // of the whole run
};

class strategy {
public:
    virtual ~strategy() = default;
    virtual std::size_t pick(const decision& at) = 0;                                // 0 ≤ result < at.enabled
    virtual std::uint64_t choose(fiber_state& who, std::uint64_t alternatives) = 0;  // 0 ≤ result < alternatives
    virtual void spawned(fiber_state& /*fresh*/) {}
};

// Keeps the current fiber three times in four, otherwise any of the others with equal chance: enough preemption to show
// races that a round-robin schedule never does, and stories that still can be read.
class seeded_strategy final : public strategy {
public:
    explicit seeded_strategy(std::uint64_t seed) noexcept : random_{seed} {}

    std::size_t pick(const decision& at) override {
        if (at.enabled == 1) {
            return 0;
        }
        if (!at.current_enabled) {
            return random_.below(at.enabled);
        }
        if (!at.yielding && random_.below(4) != 0) {
            return 0;
        }
        return 1 + random_.below(at.enabled - 1);
    }

    std::uint64_t choose(fiber_state& /*who*/, std::uint64_t alternatives) override {
        return random_.below(alternatives);
    }

private:
    splitmix64 random_;
};

}  // namespace fiberlab
