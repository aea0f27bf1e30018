#include "patterns/core/runtime/scheduler.hpp"

#include <cxxabi.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <boost/fiber/scheduler.hpp>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "patterns/core/runtime/interrupt.hpp"
#include "patterns/core/runtime/seam.hpp"

namespace fiberlab {

namespace {

thread_local constinit scheduler* this_thread = nullptr;

std::size_t stack_bytes(const run_settings& settings) {
    constexpr std::size_t usual = 128U * 1024;
    return settings.stack_bytes != 0 ? settings.stack_bytes : (address_sanitizer ? 4 * usual : usual);
}

void swap_exceptions(void** live, stack_record& from, stack_record& to) noexcept {
    std::memcpy(from.exceptions, live, sizeof from.exceptions);
    std::memcpy(live, to.exceptions, sizeof to.exceptions);
}

void measure_this_stack(stack_record& record) {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) {
        return;
    }
    void* bottom = nullptr;
    if (pthread_attr_getstack(&attributes, &bottom, &record.size) == 0) {
        record.bottom = bottom;
    }
    pthread_attr_destroy(&attributes);
}

}  // namespace

scheduler* scheduler::current() noexcept {
    return this_thread;
}

scheduler::scheduler(const run_settings& settings)
    : settings_{settings},
      stacks_{stack_bytes(settings)},
      seeded_{settings.seed},
      strategy_{settings.schedule != nullptr ? settings.schedule : &seeded_},
      choices_{mix(settings.seed)},
      exceptions_{reinterpret_cast<void**>(__cxxabiv1::__cxa_get_globals())} {
    if (settings_.mode == run_mode::real) {
        reactor_ = std::make_unique<reactor>();
    }
    if constexpr (address_sanitizer) {
        measure_this_stack(driver_stack_);
    }
}

scheduler::~scheduler() = default;

// ---------------------------------------------------------------------------------------------- choosing and switching

fiber_state* scheduler::decide(bool current_enabled, bool yielding) {
    const std::size_t enabled = ready_.size() + (current_enabled ? 1 : 0);
    if (enabled == 0) {
        return nullptr;
    }
    if (enabled == 1 && current_enabled) {
        return running_;
    }
    std::size_t chosen = strategy_->pick({.current = running_,
                                          .current_enabled = current_enabled,
                                          .yielding = yielding,
                                          .enabled = enabled,
                                          .step = steps_});
    if (current_enabled) {
        if (chosen == 0) {
            return running_;
        }
        --chosen;
    }
    const auto at = ready_.begin() + static_cast<std::ptrdiff_t>(chosen);
    fiber_state* const next = *at;
    ready_.erase(at);
    return next;
}

fiber_state* scheduler::next_fiber() {
    if (over_ || unwinding_ || ready_.empty()) {
        return nullptr;
    }
    if (deterministic()) {
        return interrupt_pending() ? nullptr : decide(false, false);
    }
    if (++tick_ % driver_share == 0) {
        return nullptr;
    }
    fiber_state* const next = ready_.front();
    ready_.pop_front();
    return next;
}

worker& scheduler::stack_for(fiber_state& f) {
    if (f.on != nullptr) {
        return *f.on;
    }
    worker* on = idle_;
    if (on != nullptr) {
        idle_ = on->next_idle;
    } else {
        auto fresh = std::make_unique<worker>();
        on = fresh.get();
        const auto context = boost::fibers::make_worker_context_with_properties(
            boost::fibers::launch::post, on, pooled_stack{&stacks_, &on->stack}, [this, on] { work(*on); });
        fresh.release();  // NOLINT(bugprone-unused-return-value): Boost deletes a context's properties with it
        ++workers_;
        on->context = context.get();
        boost::fibers::context::active()->attach(on->context);
    }
    on->runs = &f;
    f.on = on;
    return *on;
}

stack_record& scheduler::stack_of_running() noexcept {
    const boost::fibers::context* const active = boost::fibers::context::active();
    if (active == driver_) {
        return driver_stack_;
    }
    if (active == dispatcher_ || active->is_context(boost::fibers::type::dispatcher_context)) {
        return dispatcher_stack_;
    }
    return static_cast<worker*>(active->get_properties())->stack;
}

scheduler::successor scheduler::prepare(fiber_state* next) {
    running_ = next;
    if (next == nullptr) {
        return {driver_, &driver_stack_};
    }
    try {
        worker& on = stack_for(*next);
        next->now = fiber_state::phase::running;
        return {on.context, &on.stack};
    } catch (const std::bad_alloc&) {
        // Nobody's fault that could be caught where it shows: the run ends, and says why.
        outcome_.how = run_outcome::kind::exception;
        outcome_.message =
            "the system has no memory for the stack of another fiber; " + std::to_string(workers_) + " have one";
        outcome_.error = std::current_exception();
        over_ = true;
        ready_.push_front(next);
        running_ = nullptr;
        return {driver_, &driver_stack_};
    }
}

void scheduler::switch_to(fiber_state* next, bool for_good) {
    stack_record& here = stack_of_running();
    const successor to = prepare(next);
    if (to.stack == &here) {
        return;
    }
    swap_exceptions(exceptions_, here, *to.stack);
    announce_departure(here, *to.stack, for_good);
    to.context->resume();
    complete_arrival(here);
}

// ------------------------------------------------------------------------------------------------------------- workers

void scheduler::work(worker& self) {
    complete_arrival(self.stack);
    while (self.runs != nullptr) {
        execute(*self.runs);
        fiber_state* const next = next_fiber();
        if (next != nullptr && next->on == nullptr) {
            // It has no stack yet, and this one is free: no switch at all.
            running_ = next;
            next->now = fiber_state::phase::running;
            next->on = &self;
            self.runs = next;
            continue;
        }
        self.runs = nullptr;
        self.next_idle = std::exchange(idle_, &self);
        switch_to(next, false);
    }
    // Returning ends the context: Boost asks pick_next() for a successor, which is the driver.
}

void scheduler::execute(fiber_state& f) noexcept {
    if (!unwinding_) {
        try {
            seam::note(operation::begin, f.self);
            f.run();
        } catch (const aborted&) {
            f.unwinding = true;
        } catch (...) {
            f.failure = std::current_exception();
        }
    }
    f.discard();
    finish(f);
}

void scheduler::finish(fiber_state& f) noexcept {
    seam::note(operation::end, f.self);
    f.now = fiber_state::phase::ended;
    f.on = nullptr;
    running_ = nullptr;
    (f.older != nullptr ? f.older->newer : f.newer) = f.newer;
    if (f.newer != nullptr) {
        f.newer->older = f.older;
    } else {
        newest_ = f.older;
    }
    while (waiter* const joiner = f.joiners.pop()) {
        joiner->result = status::ok;
        unpark(*joiner->who);
    }
    release(f);
}

void scheduler::release(fiber_state& f) noexcept {
    if (f.references.fetch_sub(1, std::memory_order_acq_rel) != 1) {
        return;
    }
    scheduler* const here = current();
    if (f.failure != nullptr && !f.failure_taken && here != nullptr && here->outcome_.error == nullptr) {
        here->outcome_.how = run_outcome::kind::exception;
        here->outcome_.message = "an exception left the fiber \"" + f.self.label.str() + "\", and nobody joined it";
        here->outcome_.error = f.failure;
    }
    delete &f;
}

// ------------------------------------------------------------------------------------------------- what primitives use

void scheduler::spawn(fiber_state& fresh) {
    fresh.references.store(2, std::memory_order_relaxed);
    fresh.id = spawned_++;
    const std::uint64_t parent = running_ != nullptr ? running_->key + ++running_->children : 0;
    fresh.key = mix(parent * 0x9e3779b97f4a7c15ULL + 1);
    fresh.older = newest_;
    if (newest_ != nullptr) {
        newest_->newer = &fresh;
    }
    newest_ = &fresh;
    strategy_->spawned(fresh);
    ready_.push_back(&fresh);
    seam::note(operation::spawn, fresh.self);
}

void scheduler::park(spinlock& held, operation waiting_for, const sync_object& waiting_on) {
    if (unwinding_) {
        held.unlock();
        if (std::uncaught_exceptions() == 0) {
            throw aborted{};
        }
        return;
    }
    fiber_state& me = *running_;
    me.now = fiber_state::phase::parked;
    me.waiting_for = waiting_for;
    me.waiting_on = &waiting_on;
    seam::note(operation::park, waiting_on);
    held.unlock();
    switch_to(next_fiber(), false);
    me.waiting_on = nullptr;
    if (me.unwinding && std::uncaught_exceptions() == 0) {
        throw aborted{};
    }
}

void scheduler::unpark(fiber_state& parked) noexcept {
    if (parked.now != fiber_state::phase::parked) {
        return;
    }
    if (seam::observed_runs.load(std::memory_order_relaxed) != 0) {
        seam::note_observed(operation::unpark, parked.self);
    }
    parked.now = fiber_state::phase::ready;
    ready_.push_back(&parked);
}

void scheduler::yield() {
    fiber_state& me = *running_;
    if (deterministic() || unwinding_) {
        point(operation::yield, me.self);
        return;
    }
    seam::note(operation::yield, me.self);
    me.now = fiber_state::phase::ready;
    ready_.push_back(&me);
    switch_to(next_fiber(), false);
    if (me.unwinding && std::uncaught_exceptions() == 0) {
        throw aborted{};
    }
}

void scheduler::point(operation op, const sync_object& on) {
    note(op, on);
    fiber_state* const me = running_;
    if (me == nullptr || !deterministic()) {
        return;
    }
    if (unwinding_) {
        throw_if_unwinding(*me);
        return;
    }
    if (steps_at_once_ >= settings_.max_steps_at_once) {
        halt(run_outcome::kind::livelock,
             "\"" + me->self.label.str() + "\" and others took " + std::to_string(settings_.max_steps_at_once) +
                 " steps without time going on, the last one: " + std::string{to_string(op)} + " on " + on.label.str());
    }
    step(*me, op);
    throw_if_unwinding(*me);
}

void scheduler::quiet_point(operation op, const sync_object& on) noexcept {
    note(op, on);
    if (running_ != nullptr && deterministic() && !unwinding_) {
        step(*running_, op);
    }
}

void scheduler::throw_if_unwinding(const fiber_state& me) const {
    if ((me.unwinding || unwinding_) && std::uncaught_exceptions() == 0) {
        throw aborted{};
    }
}

void scheduler::step(fiber_state& me, operation op) {
    ++me.steps;
    ++steps_;
    ++steps_at_once_;
    // Or a run that never waits could not be interrupted.
    const bool drivers_turn = settings_.interruptible && interrupt_pending();
    fiber_state* const next = drivers_turn ? nullptr : decide(true, op == operation::yield);
    if (next == &me) {
        return;
    }
    me.now = fiber_state::phase::ready;
    ready_.push_back(&me);
    switch_to(next, false);
}

void scheduler::hash(operation op, const sync_object& on) noexcept {
    const auto add = [this](std::uint64_t value) {
        hash_ = (hash_ ^ value) * 0x100000001b3ULL;
        hash_ ^= hash_ >> 29U;
    };
    add(static_cast<std::uint64_t>(op));
    add(running_ != nullptr ? running_->key : 1);
    for (const char c : on.label.text()) {
        add(static_cast<unsigned char>(c));
    }
    add(static_cast<std::uint64_t>(on.label.index()));
    add(static_cast<std::uint64_t>(virtual_now_.time_since_epoch().count()));
}

void scheduler::note(operation op, const sync_object& on) noexcept {
    if (unwinding_) {
        return;
    }
    if (deterministic()) {
        hash(op, on);
    }
    if (settings_.sink != nullptr && settings_.sink->wants_detail()) {
        event happened;
        happened.what = to_string(op);
        happened.object = on.label;
        happened.detail = event::level::detail;
        if (op == operation::park && running_ != nullptr) {
            happened.fields.push_back({"for", std::string{to_string(running_->waiting_for)}});
            if (on.holder != nullptr) {
                happened.fields.push_back({"held_by", on.holder->self.label.str()});
            }
        }
        happened.at = time().time_since_epoch();
        happened.fiber = running_ != nullptr ? running_->id : 0;
        happened.fiber_name = running_ != nullptr ? running_->self.label : name{"clock"};
        settings_.sink->on_event(happened);
    }
}

void scheduler::emit(event&& happened) {
    if (unwinding_) {
        return;
    }
    happened.at = time().time_since_epoch();
    happened.fiber = running_ != nullptr ? running_->id : 0;
    happened.fiber_name = running_ != nullptr ? running_->self.label : name{"clock"};
    if (deterministic()) {
        hash(operation::access, {.label = happened.object});
        for (const char c : happened.what) {
            hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
        }
    }
    if (settings_.sink != nullptr) {
        settings_.sink->on_event(happened);
    }
}

std::uint64_t scheduler::choose(std::uint64_t alternatives) {
    if (alternatives <= 1) {
        return 0;
    }
    return deterministic() && running_ != nullptr ? strategy_->choose(*running_, alternatives)
                                                  : choices_.below(alternatives);
}

std::uint64_t scheduler::draw(std::uint64_t n) {
    if (n <= 1) {
        return 0;
    }
    if (running_ == nullptr) {
        return choices_.below(n);
    }
    const std::uint64_t random = mix(mix(settings_.seed + running_->key) + 0x9e3779b97f4a7c15ULL * ++running_->draws);
    return splitmix64::scale(random, n);
}

time_point scheduler::time() const noexcept {
    return deterministic() ? virtual_now_ : time_point{std::chrono::steady_clock::now() - started_};
}

reactor& scheduler::io() {
    if (reactor_ == nullptr) {
        throw std::logic_error(
            "virtual time can't wait for the outside: files, processes and sockets need --time real");
    }
    return *reactor_;
}

// ---------------------------------------------------------------------------------------------------------- the driver

run_outcome scheduler::drive(std::move_only_function<void()> root) {
    this_thread = this;
    driver_ = boost::fibers::context::active();
    const bool observed = deterministic() || (settings_.sink != nullptr && settings_.sink->wants_detail());
    if (observed) {
        seam::observed_runs.fetch_add(1, std::memory_order_relaxed);
    }
    root_stop_ = std::make_unique<stop_source>("run");
    root_ = new fiber_body{name{"main"}, std::move(root)};
    spawn(*root_);

    while (turn()) {
    }
    over_ = true;
    conclude();
    unwind();
    timers_.clear();
    retire_workers();
    release(*root_);
    root_stop_.reset();
    if (observed) {
        seam::observed_runs.fetch_sub(1, std::memory_order_relaxed);
    }
    this_thread = nullptr;
    driver_ = nullptr;
    return std::move(outcome_);
}

bool scheduler::turn() {
    if (settings_.interruptible) {
        deliver_interrupt();
    }
    if (over_ || (root_->now == fiber_state::phase::ended && ready_.empty())) {
        return false;
    }
    if (deterministic()) {
        if (ready_.empty() && !timers_.empty()) {
            if (timers_.next() > virtual_now_) {
                virtual_now_ = timers_.next();
                steps_at_once_ = 0;
            }
            timers_.fire_until(virtual_now_);
        }
    } else {
        if (!timers_.empty()) {
            timers_.fire_until(time());
        }
        if (!ready_.empty()) {
            // A look costs a system call: none for runs without descriptors, and none while the last is fresh.
            constexpr auto fresh = std::chrono::microseconds{50};
            if (!reactor_->idle() && time() - last_look_ >= fresh) {
                reactor_->poll();
                last_look_ = time();
            }
        } else if (!timers_.empty() || !reactor_->idle()) {
            reactor_->flush();
            if (!ready_.empty()) {
                return true;
            }
            const time_point next = timers_.next();
            reactor_->wait(next == never ? std::chrono::nanoseconds{-1} : std::max(duration::zero(), next - time()));
            return true;
        }
    }
    if (ready_.empty()) {
        return deterministic() && !timers_.empty();
    }
    fiber_state* next = nullptr;
    if (deterministic()) {
        next = decide(false, false);
    } else {
        next = ready_.front();
        ready_.pop_front();
    }
    switch_to(next, false);
    return true;
}

void scheduler::deliver_interrupt() {
    if (const int signal_number = take_interrupt(); signal_number != 0) {
        outcome_.interrupted_by = signal_number;
        root_stop_->request_stop(signal_text(signal_number));
    }
}

void scheduler::halt(run_outcome::kind how, std::string message) {
    outcome_.how = how;
    outcome_.message = std::move(message);
    over_ = true;
    running_->now = fiber_state::phase::parked;
    switch_to(nullptr, false);
    throw aborted{};
}

std::vector<blocked_fiber> scheduler::blocked() const {
    std::vector<blocked_fiber> all;
    for (const fiber_state* f = newest_; f != nullptr; f = f->older) {
        if (f->now != fiber_state::phase::parked || f->waiting_on == nullptr) {
            continue;
        }
        blocked_fiber entry{.fiber = f->self.label.str(),
                            .waits_for = std::string{to_string(f->waiting_for)} + " on " + f->waiting_on->label.str(),
                            .held_by = {}};
        if (f->waiting_on->holder != nullptr) {
            entry.held_by = f->waiting_on->holder->self.label.str();
        }
        all.push_back(std::move(entry));
    }
    std::ranges::reverse(all);
    return all;
}

void scheduler::conclude() {
    outcome_.fibers = spawned_;
    outcome_.steps = steps_;
    outcome_.elapsed = time().time_since_epoch();
    outcome_.unguarded_stacks = stacks_.unguarded();
    if (deterministic()) {
        outcome_.trace_hash = hash_;
    }
    if (root_->failure != nullptr) {
        root_->failure_taken = true;
        outcome_.how = run_outcome::kind::exception;
        outcome_.message = "an exception left the root fiber";
        outcome_.error = root_->failure;
    }
    if (outcome_.how != run_outcome::kind::completed || newest_ == nullptr) {
        return;
    }
    outcome_.blocked = blocked();
    const bool root_waits = root_->now != fiber_state::phase::ended;
    outcome_.how = root_waits ? run_outcome::kind::deadlock : run_outcome::kind::leak;
    outcome_.message = root_waits ? "every fiber waits for another one" : "the run is over and these fibers still wait";
    for (const blocked_fiber& entry : outcome_.blocked) {
        outcome_.message += "; " + entry.fiber + " waits for " + entry.waits_for;
        if (!entry.held_by.empty()) {
            outcome_.message += " (held by " + entry.held_by + ")";
        }
    }
}

void scheduler::unwind() {
    unwinding_ = true;
    // Youngest first: what a child borrows from its parent's stack is still there. A fiber that swallows the end of its
    // wait is asked again, but not for ever.
    for (int patience = 1000; newest_ != nullptr && patience > 0; --patience) {
        fiber_state& youngest = *newest_;
        std::erase(ready_, &youngest);
        if (youngest.on == nullptr) {
            youngest.discard();
            finish(youngest);
            continue;
        }
        youngest.unwinding = youngest.now == fiber_state::phase::parked || youngest.now == fiber_state::phase::ready;
        switch_to(&youngest, false);
        if (newest_ != &youngest) {
            patience = 1000;
        }
    }
    if (newest_ != nullptr) {
        // Its stack would be freed under it, with everything that it owns.
        std::terminate();
    }
}

void scheduler::retire_workers() {
    while (worker* const last = idle_) {
        idle_ = last->next_idle;
        running_ = nullptr;
        swap_exceptions(exceptions_, driver_stack_, last->stack);
        announce_departure(driver_stack_, last->stack, false);
        last->context->resume();
        complete_arrival(driver_stack_);
    }
    // The dispatcher frees the contexts that have ended.
    boost::fibers::context::active()->yield();
    complete_arrival(driver_stack_);
}

// ---------------------------------------------------------------------------------------------------- for Boost.Fiber

void scheduler::awakened(boost::fibers::context* ready) noexcept {
    if (ready->is_context(boost::fibers::type::dispatcher_context)) {
        dispatcher_ = ready;
        // Boost puts a context at the top of its own stack. Near enough for the sanitizer, the only one who asks.
        dispatcher_stack_.size = boost::context::stack_traits::default_size() / 2;
        dispatcher_stack_.bottom = reinterpret_cast<const std::byte*>(ready) - dispatcher_stack_.size;
    } else if (!ready->is_context(boost::fibers::type::main_context)) {
        if (fiber_state* const f = static_cast<worker*>(ready->get_properties())->runs) {
            f->now = fiber_state::phase::parked;
            unpark(*f);
        }
    }
}

boost::fibers::context* scheduler::pick_next() noexcept {
    if (driver_ == nullptr) {
        return std::exchange(dispatcher_, nullptr);  // the run is over: Boost moves it to the next algorithm
    }
    // Called where Boost parks a fiber itself, where a retired worker ends, and by the dispatcher.
    const boost::fibers::context* const active = boost::fibers::context::active();
    stack_record& here = stack_of_running();
    const bool ends = active->is_context(boost::fibers::type::worker_context) && running_ == nullptr;
    if (active == driver_ && dispatcher_ != nullptr) {
        boost::fibers::context* const to = std::exchange(dispatcher_, nullptr);
        swap_exceptions(exceptions_, here, dispatcher_stack_);
        announce_departure(here, dispatcher_stack_, false);
        return to;
    }
    if (running_ != nullptr) {
        running_->now = fiber_state::phase::parked;
        running_->waiting_for = operation::wait;
        static const sync_object inside_boost{.label = "a Boost.Fiber primitive"};
        running_->waiting_on = &inside_boost;
    }
    const successor to =
        prepare(ends || active->is_context(boost::fibers::type::dispatcher_context) ? nullptr : next_fiber());
    swap_exceptions(exceptions_, here, *to.stack);
    announce_departure(here, *to.stack, ends);
    return to.context;
}

bool scheduler::has_ready_fibers() const noexcept {
    return dispatcher_ != nullptr || !ready_.empty();
}

void scheduler::suspend_until(const std::chrono::steady_clock::time_point& /*until*/) noexcept {}

void scheduler::notify() noexcept {
    reactor::interrupt();
}

}  // namespace fiberlab
