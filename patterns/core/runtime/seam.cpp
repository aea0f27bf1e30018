#include "patterns/core/runtime/seam.hpp"

#include <stdexcept>
#include <utility>

#include "patterns/core/fiber.hpp"
#include "patterns/core/runtime/scheduler.hpp"
#include "patterns/core/runtime/wait.hpp"

namespace fiberlab {

namespace {

scheduler& here() {
    if (scheduler* const s = scheduler::current()) {
        return *s;
    }
    throw std::logic_error("this needs a run: call it from a function given to fiberlab::run()");
}

const sync_object the_clock{.label = "the clock"};

}  // namespace

time_point clock::now() noexcept {
    if (const scheduler* const s = scheduler::current()) {
        return s->time();
    }
    static const auto first = std::chrono::steady_clock::now();
    return time_point{std::chrono::steady_clock::now() - first};
}

namespace seam {

void point_observed(operation op, const sync_object& on) {
    if (scheduler* const s = scheduler::current()) {
        s->point(op, on);
    }
}

void quiet_point_observed(operation op, const sync_object& on) noexcept {
    if (scheduler* const s = scheduler::current()) {
        s->quiet_point(op, on);
    }
}

void note_observed(operation op, const sync_object& on) noexcept {
    if (scheduler* const s = scheduler::current()) {
        s->note(op, on);
    }
}

void park(spinlock& held, operation waiting_for, const sync_object& waiting_on) {
    here().park(held, waiting_for, waiting_on);
}

void unpark(fiber_state& parked) noexcept {
    if (scheduler* const s = scheduler::current()) {
        s->unpark(parked);
    }
}

fiber_state& self() {
    if (fiber_state* const running = here().running()) {
        return *running;
    }
    throw std::logic_error("only a fiber can block");
}

bool on_fiber() noexcept {
    const scheduler* const s = scheduler::current();
    return s != nullptr && s->running() != nullptr;
}

bool unwinding() noexcept {
    const scheduler* const s = scheduler::current();
    return s != nullptr && s->unwinding();
}

std::uint64_t choose(std::uint64_t alternatives) {
    return alternatives <= 1 ? 0 : here().choose(alternatives);
}

void before_start() {
    point(operation::spawn, self().self);
}

void start(fiber_state& fresh) {
    here().spawn(fresh);
}

}  // namespace seam

void yield() {
    here().yield();
}

void sleep_until(time_point deadline) {
    seam::point(operation::sleep, the_clock);
    if (deadline <= clock::now()) {
        return;
    }
    spinlock none;
    wait_queue nobody;
    waiter me;
    none.lock();
    [[maybe_unused]] const status slept =
        seam::wait_on(nobody, none, me, operation::sleep, the_clock, {.deadline = deadline});
}

void sleep_for(duration d) {
    sleep_until(after(d));
}

status sleep_for(duration d, const stop_token& stop) {
    seam::point(operation::sleep, the_clock);
    if (stop.stop_requested()) {
        return status::stopped;
    }
    if (d <= duration::zero()) {
        return status::ok;
    }
    spinlock none;
    wait_queue nobody;
    waiter me;
    none.lock();
    const status woken =
        seam::wait_on(nobody, none, me, operation::sleep, the_clock, {.deadline = after(d), .stop = stop});
    return woken == status::timeout ? status::ok : woken;
}

std::uint64_t draw(std::uint64_t n) {
    return here().draw(n);
}

duration draw(duration from, duration to) {
    const auto width = static_cast<std::uint64_t>((to - from).count());
    return from + duration{static_cast<std::int64_t>(draw(width + 1))};
}

bool draw_chance(double probability) {
    constexpr std::uint64_t parts = 1ULL << 32U;
    return static_cast<double>(draw(parts)) < probability * static_cast<double>(parts);
}

void emit(std::string_view what, name object, std::vector<field> fields, std::string note, event::level detail) {
    event happened;
    happened.what = what;
    happened.object = object;
    happened.fields = std::move(fields);
    happened.note = std::move(note);
    happened.detail = detail;
    here().emit(std::move(happened));
}

// ------------------------------------------------------------------------------------------------------------- handles

void fiber::join() {
    if (state_ == nullptr) {
        throw std::logic_error("fiber::join on an empty handle");
    }
    fiber_state& joined = *state_;
    seam::point(operation::join, joined.self);
    joined.lock.lock();
    if (joined.now == fiber_state::phase::ended) {
        joined.lock.unlock();
    } else {
        waiter me;
        [[maybe_unused]] const status ended =
            seam::wait_on(joined.joiners, joined.lock, me, operation::join, joined.self);
    }
    state_ = nullptr;
    const std::exception_ptr failure = joined.failure;
    joined.failure_taken = true;
    scheduler::release(joined);
    if (failure != nullptr) {
        std::rethrow_exception(failure);
    }
}

void fiber::join_quietly() noexcept {
    if (state_ == nullptr) {
        return;
    }
    fiber_state& joined = *state_;
    try {
        if (joined.now != fiber_state::phase::ended) {
            joined.lock.lock();
            waiter me;
            [[maybe_unused]] const status ended =
                seam::wait_on(joined.joiners, joined.lock, me, operation::join, joined.self);
        }
    } catch (const aborted&) {
        // The run is over: the fiber that was waited for has been unwound before this one.
        seam::note(operation::join, joined.self);
    }
    state_ = nullptr;
    scheduler::release(joined);
}

void fiber::detach() noexcept {
    if (fiber_state* const given_up = std::exchange(state_, nullptr)) {
        scheduler::release(*given_up);
    }
}

}  // namespace fiberlab
