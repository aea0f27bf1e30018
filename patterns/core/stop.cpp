#include "patterns/core/stop.hpp"

#include <algorithm>

#include "patterns/core/runtime/scheduler.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/runtime/stop_state.hpp"
#include "patterns/core/runtime/wait.hpp"

namespace fiberlab {

// ---- stop_state

stop_state::stop_state(std::shared_ptr<stop_state> above, name called)
    : parent{std::move(above)}, self{.label = called} {
    if (parent == nullptr) {
        return;
    }
    if (parent->stopped) {
        stopped = true;
        cause = parent->cause;
        return;
    }
    parent->lock.lock();
    next_sibling_ = parent->first_child_;
    if (next_sibling_ != nullptr) {
        next_sibling_->previous_sibling_ = this;
    }
    parent->first_child_ = this;
    in_tree_ = true;
    parent->lock.unlock();
}

stop_state::~stop_state() {
    leave_tree();
}

void stop_state::leave_tree() noexcept {
    if (timer_.queued()) {
        scheduler::current()->timers().remove(timer_);
    }
    if (!std::exchange(in_tree_, false)) {
        return;
    }
    parent->lock.lock();
    (previous_sibling_ != nullptr ? previous_sibling_->next_sibling_ : parent->first_child_) = next_sibling_;
    if (next_sibling_ != nullptr) {
        next_sibling_->previous_sibling_ = previous_sibling_;
    }
    previous_sibling_ = next_sibling_ = nullptr;
    parent->lock.unlock();
}

bool stop_state::stop(std::string_view why) noexcept {
    seam::quiet_point(operation::stop, self);
    lock.lock();
    if (stopped) {
        lock.unlock();
        return false;
    }
    stopped = true;
    cause = why;
    lock.unlock();
    while (waiter* const waiting = waiters.pop()) {
        seam::wake(*waiting, status::stopped);
    }
    while (stop_callback* const callback = callbacks_) {
        remove(*callback);
        callback->action_();
    }
    while (stop_state* const child = first_child_) {
        child->leave_tree();
        child->stop(why);
    }
    if (timer_.queued()) {
        scheduler::current()->timers().remove(timer_);
    }
    return true;
}

void stop_state::stop_at(time_point when) {
    if (stopped || (deadline.has_value() && *deadline <= when)) {
        return;
    }
    deadline = when;
    if (timer_.queued()) {
        scheduler::current()->timers().remove(timer_);
    }
    if (when <= clock::now()) {
        stop("deadline");
        return;
    }
    if (when == never) {
        return;
    }
    timer_.at = when;
    timer_.owner = this;
    timer_.fire = [](timer_node& fired) noexcept { static_cast<deadline_timer&>(fired).owner->stop("deadline"); };
    scheduler::current()->timers().add(timer_);
}

void stop_state::add(stop_callback& callback) {
    callback.next_ = callbacks_;
    if (callbacks_ != nullptr) {
        callbacks_->previous_ = &callback;
    }
    callbacks_ = &callback;
}

void stop_state::remove(stop_callback& callback) noexcept {
    if (callback.previous_ == nullptr && callbacks_ != &callback) {
        return;
    }
    (callback.previous_ != nullptr ? callback.previous_->next_ : callbacks_) = callback.next_;
    if (callback.next_ != nullptr) {
        callback.next_->previous_ = callback.previous_;
    }
    callback.next_ = callback.previous_ = nullptr;
}

// ---- stop_token

bool stop_token::stop_requested() const noexcept {
    return state_ != nullptr && state_->stopped;
}

std::string stop_token::cause() const {
    return stop_requested() ? state_->cause : std::string{};
}

std::optional<time_point> stop_token::deadline() const noexcept {
    std::optional<time_point> earliest;
    for (const stop_state* at = state_.get(); at != nullptr; at = at->parent.get()) {
        if (at->deadline.has_value() && (!earliest.has_value() || *at->deadline < *earliest)) {
            earliest = at->deadline;
        }
    }
    return earliest;
}

void stop_token::wait() const {
    static const sync_object never_fires{.label = "a token that never fires"};
    if (state_ == nullptr) {
        spinlock none;
        wait_queue nobody;
        waiter me;
        [[maybe_unused]] const status woken = seam::wait_on(nobody, none, me, operation::wait, never_fires);
        return;
    }
    seam::point(operation::wait, state_->self);
    state_->lock.lock();
    if (state_->stopped) {
        state_->lock.unlock();
        return;
    }
    waiter me;
    [[maybe_unused]] const status woken =
        seam::wait_on(state_->waiters, state_->lock, me, operation::wait, state_->self);
}

const void* stop_token::find(std::type_index type) const noexcept {
    for (const stop_state* at = state_.get(); at != nullptr; at = at->parent.get()) {
        const auto found = std::ranges::find(at->values, type, [](const auto& entry) { return entry.first; });
        if (found != at->values.end()) {
            return found->second.get();
        }
    }
    return nullptr;
}

// ---- stop_source

stop_source::stop_source(name called) : state_{std::make_shared<stop_state>(nullptr, called)} {}

stop_source::stop_source(const stop_token& parent, name called)
    : state_{std::make_shared<stop_state>(parent.state(), called)} {}

stop_source::~stop_source() {
    if (state_ != nullptr) {
        state_->leave_tree();
    }
}

bool stop_source::request_stop(std::string_view cause) const noexcept {
    return state_->stop(cause);
}

void stop_source::stop_at(time_point deadline) const {
    state_->stop_at(deadline);
}

void stop_source::attach(std::type_index type, std::shared_ptr<const void> value) const {
    std::erase_if(state_->values, [&](const auto& entry) { return entry.first == type; });
    state_->values.emplace_back(type, std::move(value));
}

// ---- stop_callback

stop_callback::stop_callback(const stop_token& token, std::function<void()> action)
    : state_{token.state()}, action_{std::move(action)} {
    if (state_ == nullptr) {
        return;
    }
    if (state_->stopped) {
        action_();
        state_ = nullptr;
        return;
    }
    state_->add(*this);
}

stop_callback::~stop_callback() {
    if (state_ != nullptr) {
        state_->remove(*this);
    }
}

}  // namespace fiberlab
