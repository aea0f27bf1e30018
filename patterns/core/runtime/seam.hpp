// The seam: what channels, locks and patterns are built from. The same code runs in real time, in virtual time, traced
// and explored; the mode is the caller's choice, never the pattern's.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "patterns/core/event.hpp"
#include "patterns/core/runtime/fiber_state.hpp"
#include "patterns/core/runtime/operation.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab {

class stop_token;

namespace seam {

// Not zero while a run observes its points (virtual time, or a sink that wants detail). It keeps a point at one load
// and one branch elsewhere.
inline constinit std::atomic<int> observed_runs{0};

void point_observed(operation op, const sync_object& on);
void quiet_point_observed(operation op, const sync_object& on) noexcept;
void note_observed(operation op, const sync_object& on) noexcept;

// A preemption point and an event in one. Call it before an operation takes its first look at shared state; another
// fiber may run in between. Does nothing outside a fiber.
inline void point(operation op, const sync_object& on) {
    if (observed_runs.load(std::memory_order_relaxed) != 0) [[unlikely]] {
        point_observed(op, on);
    }
}

// The same for operations that never throw, for destructors use them: unlock, close, release, stop.
inline void quiet_point(operation op, const sync_object& on) noexcept {
    if (observed_runs.load(std::memory_order_relaxed) != 0) [[unlikely]] {
        quiet_point_observed(op, on);
    }
}

// The event alone, where nobody may run in between.
inline void note(operation op, const sync_object& on) noexcept {
    if (observed_runs.load(std::memory_order_relaxed) != 0) [[unlikely]] {
        note_observed(op, on);
    }
}

// Parks the calling fiber until `unpark`. `held` guards the queue it stands in: locked at the call, released once the
// fiber has left its stack, not locked at the return. Throws (not a std::exception) when the run ends first.
void park(spinlock& held, operation waiting_for, const sync_object& waiting_on);
void unpark(fiber_state& parked) noexcept;
fiber_state& self();  // throws std::logic_error outside a fiber
bool on_fiber() noexcept;
bool unwinding() noexcept;  // the run is over and this fiber is only being cleaned up

// Which of n equal alternatives (waiters, ready cases). Seeded; explored by the explorer. n ≥ 1.
std::uint64_t choose(std::uint64_t alternatives);

}  // namespace seam

void yield();  // lets every other ready fiber go first
void sleep_until(time_point deadline);
void sleep_for(duration d);
status sleep_for(duration d, const stop_token& stop);  // ok when the time has passed, stopped when the token fired

// A random number for a workload: 0 ≤ result < n. It depends on the run's seed, the fiber's spawn path and how many it
// has drawn before, not on the schedule, so that a workload is the same under every schedule.
std::uint64_t draw(std::uint64_t n);
duration draw(duration from, duration to);  // from ≤ result ≤ to
bool draw_chance(double probability);

// Puts an event into the run's trace on behalf of the calling fiber.
void emit(std::string_view what, name object = {}, std::vector<field> fields = {}, std::string note = {},
          event::level detail = event::level::story);

}  // namespace fiberlab
