// channel<T>: a queue between fibers, with the semantics of Go's: capacity 0 hands values over face to face, a larger
// one lets senders run ahead by that many.
//
//   channel<std::string> lines{"lines", 16};
//   auto reader = spawn("reader", [&] { while (…) { lines.push(…); } lines.close(); });
//   for (std::string line : lines) { … }              // until it is closed and drained
//
// Who closes: the one who created the channel, or the one producer it was given to; closing twice is harmless. Closing
// wakes everybody: senders get `closed` and keep their value, receivers first drain what is buffered.
// What blocks: push while full, pop while empty; the try_ forms never; the forms with a deadline or a token no longer
// than those allow. A value is moved from only when it has been taken. T may be move-only and need no default.
#pragma once

#include <cstddef>
#include <expected>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "patterns/core/name.hpp"
#include "patterns/core/runtime/channel_base.hpp"
#include "patterns/core/runtime/wait.hpp"
#include "patterns/core/status.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab {

template <class T>
class channel : public channel_base {
public:
    using value_type = T;

    explicit channel(std::size_t capacity = 0) : channel{"channel", capacity} {}
    explicit channel(name called, std::size_t capacity = 0)
        : channel_base{called, capacity}, slots_{capacity == 0 ? nullptr : allocator().allocate(capacity)} {}
    ~channel() {
        while (count_ > 0) {
            std::destroy_at(&front());
            drop_front();
        }
        if (slots_ != nullptr) {
            allocator().deallocate(slots_, capacity_);
        }
    }
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;
    channel(channel&&) = delete;
    channel& operator=(channel&&) = delete;

    // ok, or closed with the value still the caller's.
    status push(T&& value) { return push(std::move(value), seam::limits{}); }
    status push(const T& value) { return push(T{value}); }
    status push(T&& value, const stop_token& stop) { return push(std::move(value), seam::limits{.stop = stop}); }
    status push(const T& value, const stop_token& stop) { return push(T{value}, stop); }
    status push_until(T&& value, time_point deadline, const stop_token& stop = {}) {
        return push(std::move(value), seam::limits{.deadline = deadline, .stop = stop});
    }
    status try_push(T&& value) {
        seam::point(operation::try_push, self_);
        lock_.lock();
        const std::optional<status> done = push_now(value);
        lock_.unlock();
        return done.value_or(status::full);
    }
    status try_push(const T& value) { return try_push(T{value}); }

    // The value, or closed once the channel is closed and drained.
    std::expected<T, status> pop() { return pop(seam::limits{}); }
    std::expected<T, status> pop(const stop_token& stop) { return pop(seam::limits{.stop = stop}); }
    std::expected<T, status> pop_until(time_point deadline, const stop_token& stop = {}) {
        return pop(seam::limits{.deadline = deadline, .stop = stop});
    }
    std::expected<T, status> try_pop() {
        seam::point(operation::try_pop, self_);
        std::optional<T> slot;
        lock_.lock();
        const std::optional<status> done = pop_now(slot);
        lock_.unlock();
        return result(slot, done.value_or(status::empty));
    }

    // Receives and throws away until the channel is closed and empty: for a consumer that leaves early and must not
    // leave its producer blocked. Returns how many values there were. Blocks until somebody closes the channel.
    std::size_t drain() {
        std::size_t discarded = 0;
        while (pop()) {
            ++discarded;
        }
        return discarded;
    }

    class iterator {
    public:
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        iterator() = default;
        explicit iterator(channel& from) : from_{&from} { ++*this; }
        T& operator*() const { return *current_; }
        iterator& operator++() {
            auto next = from_->pop();
            current_.reset();
            if (next) {
                current_.emplace(*std::move(next));
            }
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const { return !current_.has_value(); }

    private:
        channel* from_ = nullptr;
        mutable std::optional<T> current_;
    };
    iterator begin() { return iterator{*this}; }  // receives the first value: it may block
    std::default_sentinel_t end() const noexcept { return {}; }

    // ---- for select: with the lock held, do it now if it can be done. nullopt: it would block.

    std::optional<status> push_now(T& value) {
        if (closed_) {
            return status::closed;
        }
        if (waiter* const receiver = receivers_.pop()) {
            static_cast<std::optional<T>*>(receiver->element)->emplace(std::move(value));
            seam::wake(*receiver, status::ok);
            return status::ok;
        }
        if (count_ < capacity_) {
            std::construct_at(slots_ + back_index(), std::move(value));
            ++count_;
            return status::ok;
        }
        return std::nullopt;
    }

    std::optional<status> pop_now(std::optional<T>& slot) {
        if (count_ > 0) {
            slot.emplace(std::move(front()));
            std::destroy_at(&front());
            drop_front();
            // The place that came free goes to the sender that has waited longest, so that order is kept.
            if (waiter* const sender = senders_.pop()) {
                std::construct_at(slots_ + back_index(), std::move(*static_cast<T*>(sender->element)));
                ++count_;
                seam::wake(*sender, status::ok);
            }
            return status::ok;
        }
        if (waiter* const sender = senders_.pop()) {
            slot.emplace(std::move(*static_cast<T*>(sender->element)));
            seam::wake(*sender, status::ok);
            return status::ok;
        }
        if (closed_) {
            return status::closed;
        }
        return std::nullopt;
    }

private:
    static std::allocator<T> allocator() noexcept { return {}; }
    T& front() noexcept { return slots_[head_]; }

    status push(T&& value, const seam::limits& until) {
        seam::point(operation::push, self_);
        lock_.lock();
        if (const std::optional<status> done = push_now(value)) {
            lock_.unlock();
            return *done;
        }
        waiter me;
        me.element = std::addressof(value);
        return seam::wait_on(senders_, lock_, me, operation::push, self_, until);
    }

    std::expected<T, status> pop(const seam::limits& until) {
        seam::point(operation::pop, self_);
        std::optional<T> slot;
        lock_.lock();
        if (const std::optional<status> done = pop_now(slot)) {
            lock_.unlock();
            return result(slot, *done);
        }
        waiter me;
        me.element = &slot;
        return result(slot, seam::wait_on(receivers_, lock_, me, operation::pop, self_, until));
    }

    static std::expected<T, status> result(std::optional<T>& slot, status how) {
        if (how == status::ok) {
            return std::expected<T, status>{*std::move(slot)};
        }
        return std::unexpected{how};
    }

    T* slots_;
};

}  // namespace fiberlab
