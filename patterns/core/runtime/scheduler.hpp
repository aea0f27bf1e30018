// scheduler: who runs next. Boost.Fiber's scheduling algorithm for every mode; the only place that switches stacks.
//
// The thread's main context is the driver: it fires timers, asks the reactor, jumps the virtual clock and finds
// deadlocks. Fibers switch straight to one another and come back to the driver when none is ready, or every
// `driver_share` switches. Boost's own blocking primitives work on it too (pick_next and awakened), timed ones
// excepted.
#pragma once

#include <boost/fiber/algo/algorithm.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "patterns/core/event.hpp"
#include "patterns/core/runtime/fiber_state.hpp"
#include "patterns/core/runtime/reactor.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/runtime/stack_pool.hpp"
#include "patterns/core/runtime/timer_queue.hpp"
#include "patterns/core/runtime/worker.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab {

// Thrown out of every wait when a run ends before its fibers do, so that their stacks unwind. Not a std::exception, so
// that a fiber's own handlers let it pass.
struct aborted {};

class scheduler final : public boost::fibers::algo::algorithm {
public:
    static scheduler* current() noexcept;  // null outside a run

    explicit scheduler(const run_settings& settings);
    ~scheduler() override;
    scheduler(const scheduler&) = delete;
    scheduler& operator=(const scheduler&) = delete;
    scheduler(scheduler&&) = delete;
    scheduler& operator=(scheduler&&) = delete;

    run_outcome drive(std::move_only_function<void()> root);

    // ---- for the primitives
    void spawn(fiber_state& fresh);  // takes over the reference that `fresh` was made with, and adds the handle's
    void park(spinlock& held, operation waiting_for, const sync_object& waiting_on);
    void unpark(fiber_state& parked) noexcept;
    void yield();
    void point(operation op, const sync_object& on);                 // may switch
    void quiet_point(operation op, const sync_object& on) noexcept;  // may switch, never throws
    void note(operation op, const sync_object& on) noexcept;         // only an event
    void emit(event&& happened);
    std::uint64_t choose(std::uint64_t alternatives);
    std::uint64_t draw(std::uint64_t n);
    time_point time() const noexcept;

    fiber_state* running() const noexcept { return running_; }
    bool unwinding() const noexcept { return unwinding_; }
    bool deterministic() const noexcept { return settings_.mode == run_mode::virtual_time; }
    timer_queue& timers() noexcept { return timers_; }
    reactor& io();  // throws std::logic_error in virtual time
    const stop_source& root_stop() const noexcept { return *root_stop_; }
    std::chrono::steady_clock::time_point started() const noexcept { return started_; }
    static void release(fiber_state& f) noexcept;

    // ---- for Boost.Fiber
    void awakened(boost::fibers::context* ready) noexcept override;
    boost::fibers::context* pick_next() noexcept override;
    bool has_ready_fibers() const noexcept override;
    void suspend_until(const std::chrono::steady_clock::time_point& until) noexcept override;
    void notify() noexcept override;

private:
    static constexpr std::uint32_t driver_share = 64;

    struct successor {
        boost::fibers::context* context;
        stack_record* stack;
    };

    fiber_state* next_fiber();  // null: the driver's turn
    fiber_state* decide(bool current_enabled, bool yielding);
    void switch_to(fiber_state* next, bool for_good);
    successor prepare(fiber_state* next);
    stack_record& stack_of_running() noexcept;
    worker& stack_for(fiber_state& f);
    void work(worker& self);
    void execute(fiber_state& f) noexcept;
    void finish(fiber_state& f) noexcept;
    [[noreturn]] void halt(run_outcome::kind how, std::string message);
    void step(fiber_state& me, operation op);
    void throw_if_unwinding(const fiber_state& me) const;
    void hash(operation op, const sync_object& on) noexcept;

    bool turn();  // one round of the driver; false when the run is over
    void deliver_interrupt();
    void conclude();
    void unwind();
    void retire_workers();
    std::vector<blocked_fiber> blocked() const;

    run_settings settings_;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    time_point virtual_now_{};
    stack_pool stacks_;
    timer_queue timers_;
    std::unique_ptr<reactor> reactor_;
    std::unique_ptr<stop_source> root_stop_;
    seeded_strategy seeded_;
    strategy* strategy_;
    splitmix64 choices_;

    std::deque<fiber_state*> ready_;
    fiber_state* running_ = nullptr;  // null while the driver runs
    fiber_state* root_ = nullptr;
    fiber_state* newest_ = nullptr;  // of those that have not ended
    worker* idle_ = nullptr;
    boost::fibers::context* driver_ = nullptr;
    boost::fibers::context* dispatcher_ = nullptr;
    stack_record driver_stack_;
    stack_record dispatcher_stack_;
    void** exceptions_;  // this thread's C++ exception state

    std::uint32_t tick_ = 0;
    time_point last_look_{};
    std::uint64_t steps_ = 0;
    std::uint64_t steps_at_once_ = 0;
    std::uint64_t hash_ = 0xcbf29ce484222325ULL;
    std::uint32_t spawned_ = 0;
    std::size_t workers_ = 0;
    bool over_ = false;
    bool unwinding_ = false;
    run_outcome outcome_;
};

}  // namespace fiberlab
