// run: executes a function as the root fiber of a run, in real or in virtual time, and says how the run ended.
//
//   run_outcome done = run({.mode = run_mode::virtual_time, .seed = 7}, [] {
//       channel<int> numbers{"numbers", 4};
//       task_group group;
//       group.go("producer", [&] { … numbers.close(); });
//       for (int n : numbers) { … }
//   });
//
// Real: one thread, the steady clock, and a reactor for descriptors, child processes and signals.
// Virtual: one thread and a seeded schedule; time stands still while a fiber computes and jumps when all of them wait.
// The same seed gives the same events and the same trace_hash on every machine. Nothing there may touch the outside.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "patterns/core/event.hpp"
#include "patterns/core/runtime/strategy.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab {

enum class run_mode : std::uint8_t { real, virtual_time };

struct run_settings {
    run_mode mode = run_mode::virtual_time;
    std::uint64_t seed = 1;
    event_sink* sink = nullptr;    // null: events are not made
    strategy* schedule = nullptr;  // virtual time: null for the seeded one
    std::size_t stack_bytes = 0;   // of each fiber; 0: 128 KiB, and four times that under AddressSanitizer
    std::uint64_t max_steps_at_once = 2'000'000;  // virtual: more points than this without time going on is a livelock
    bool interruptible = true;                    // request_interrupt() reaches this run
};

struct blocked_fiber {
    std::string fiber;
    std::string waits_for;  // "push on squares"
    std::string held_by;    // the fiber that has it, where there is exactly one
};

struct run_outcome {
    enum class kind : std::uint8_t {
        completed,
        deadlock,   // nobody can go on, and the root fiber has not ended
        leak,       // the root fiber has ended and others still wait
        livelock,   // max_steps_at_once was passed
        exception,  // one left the root fiber, or a fiber that nobody joined
    };
    kind how = kind::completed;
    std::string message;                      // for a person; empty when completed
    std::vector<blocked_fiber> blocked;       // of a deadlock or a leak
    std::exception_ptr error;                 // of an exception
    std::optional<std::uint64_t> trace_hash;  // virtual time only
    std::uint64_t fibers = 0;                 // spawned, the root included
    std::uint64_t steps = 0;                  // points passed (virtual time, or traced)
    duration elapsed{};                       // on the run's clock
    int interrupted_by = 0;                   // the signal of request_interrupt(), 0 when there was none
    std::size_t unguarded_stacks = 0;         // fibers whose stack had no guard page
};

// Blocks the calling thread until the run is over. All fibers have ended when it returns, whatever the outcome.
// Runs do not nest: calling it from a fiber is a std::logic_error.
run_outcome run(const run_settings& settings, std::move_only_function<void()> root);

// The token that fires when the current run is interrupted. Outside a run: one that never fires.
stop_token run_stop();

// When the current run began: its clock's zero. For comparing times between processes of one host. std::logic_error
// outside a run.
std::chrono::steady_clock::time_point run_began();

// Makes run_stop() fire with the cause "SIGINT" or the like. Async-signal-safe, and callable from any thread.
void request_interrupt(int signal_number) noexcept;

}  // namespace fiberlab
