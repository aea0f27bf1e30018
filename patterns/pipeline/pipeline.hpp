// pipeline: stages joined by channels. Each stage is one fiber that takes a value, works on it and passes the result
// on, so that values keep their order while all stages work at once.
//
//   link<line> lines{"lines", 4, drop};
//   link<record> records{"records", 4, drop};
//   task_group group;
//   group.go("read",  [&] { run_source(lines, next_line, stop, read_meter); });
//   group.go("parse", [&] { return run_stage(lines, records, parse, parse_meter); });
//   group.go("store", [&] { return run_sink(records, store, store_meter); });
//   auto done = group.wait();
//
// Back pressure: a stage that is ahead blocks when the link before it is full; how long is in its meter.
// Stopping: to drain, stop the source; it closes its link and all that is under way still arrives. To drop, fire the
// links' drop token; every stage returns at once and counts what it held.
// Leaving: a reader that wants no more (a failed stage, a consumer with enough) leaves its link; its writer's push then
// returns `stopped` and the writer leaves in turn, up to the source. Nobody stays blocked.
// Who closes: each stage closes the link it writes to and leaves the one it reads from, however it ends.
//
// From "Concurrency in Go" (K. Cox-Buday), chapter 4, and https://go.dev/blog/pipelines; there an early leaver needs a
// done channel that every stage selects on, and a stage that forgets it leaks (pipeline_as_written.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <utility>

#include "patterns/core/channel.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/task_group.hpp"

namespace fiberlab::pipeline {

// A channel between two stages that either side can end: the writer closes it, the reader leaves it.
template <class T>
class link {
public:
    using value_type = T;

    link(name called, std::size_t capacity, const stop_token& drop = {})
        : values_{called, capacity}, left_{drop, called}, drop_{drop} {}

    // ok; stopped when the reader has left or everything is to be dropped: the value is then still the caller's.
    status push(T&& value) {
        const status done = values_.push(std::move(value), left_.token());
        if (done == status::ok) {
            fullest_ = std::max(fullest_, values_.size());
        }
        return done;
    }
    // closed at the end of the values, stopped when everything is to be dropped.
    std::expected<T, status> pop() { return values_.pop(drop_); }
    void close() noexcept { values_.close(); }
    void leave() const noexcept { left_.request_stop("its reader left"); }

    stop_token reader_left() const noexcept { return left_.token(); }
    std::size_t size() const noexcept { return values_.size(); }
    std::size_t capacity() const noexcept { return values_.capacity(); }
    std::size_t fullest() const noexcept { return fullest_; }  // the most values that were in it at once
    const name& label() const noexcept { return values_.label(); }

private:
    channel<T> values_;
    stop_source left_;
    stop_token drop_;
    std::size_t fullest_ = 0;
};

// What one stage did, by its own clock.
struct meter {
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    std::uint64_t lost = 0;  // taken but not passed on: the one that failed, or that nobody wanted any more
    duration busy{};
    duration starved{};  // waiting for a value
    duration blocked{};  // waiting for room: back pressure
};

namespace detail {

// Adds the time since it was made to one of a meter's sums.
class stopwatch {
public:
    explicit stopwatch(duration& into) noexcept : into_{into}, from_{clock::now()} {}
    ~stopwatch() { into_ += clock::now() - from_; }
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;
    stopwatch(stopwatch&&) = delete;
    stopwatch& operator=(stopwatch&&) = delete;

private:
    duration& into_;
    time_point from_;
};

template <class F>
class on_exit {
public:
    explicit on_exit(F action) : action_{std::move(action)} {}
    ~on_exit() { action_(); }
    on_exit(const on_exit&) = delete;
    on_exit& operator=(const on_exit&) = delete;
    on_exit(on_exit&&) = delete;
    on_exit& operator=(on_exit&&) = delete;

private:
    F action_;
};

template <class Link, class T>
bool pass_on(Link& to, T&& value, meter& m) {
    const stopwatch waiting{m.blocked};
    if (to.push(std::forward<T>(value)) != status::ok) {
        ++m.lost;
        return false;
    }
    ++m.out;
    return true;
}

template <class Link>
auto take(Link& from, meter& m) {
    const stopwatch waiting{m.starved};
    auto value = from.pop();
    m.in += value ? 1 : 0;
    return value;
}

}  // namespace detail

// Pushes what `next()` makes, std::optional<T>, until it makes nothing, the reader leaves or `stop` fires. Closes `to`.
template <class To, class Next>
void run_source(To& to, Next&& next, const stop_token& stop, meter& m) {
    const detail::on_exit close{[&] { to.close(); }};
    while (!stop.stop_requested()) {
        auto value = [&] {
            const detail::stopwatch working{m.busy};
            return next();
        }();
        if (!value || !detail::pass_on(to, *std::move(value), m)) {
            return;
        }
    }
}

// Pushes work(value), std::expected<U, error>, for each value. An error ends the stage, and the whole pipeline before
// it; what has passed still arrives behind it. Leaves `from` and closes `to`.
template <class From, class To, class Work>
outcome run_stage(From& from, To& to, Work&& work, meter& m) {
    const detail::on_exit end{[&] {
        from.leave();
        to.close();
    }};
    while (auto value = detail::take(from, m)) {
        auto made = [&] {
            const detail::stopwatch working{m.busy};
            return work(*std::move(value));
        }();
        if (!made) {
            ++m.lost;
            return std::unexpected{std::move(made).error()};
        }
        if (!detail::pass_on(to, *std::move(made), m)) {
            break;
        }
    }
    return {};
}

// The same for work that makes any number of values: work(value, emit) and, once the input has ended, at_end(emit).
// emit passes one value on and is false when nobody wants more; both return an outcome.
template <class From, class To, class Work, class AtEnd>
outcome run_expanding_stage(From& from, To& to, Work&& work, AtEnd&& at_end, meter& m) {
    const detail::on_exit end{[&] {
        from.leave();
        to.close();
    }};
    bool wanted = true;
    const auto emit = [&](typename To::value_type&& made) {
        wanted = wanted && detail::pass_on(to, std::move(made), m);
        return wanted;
    };
    for (;;) {
        auto value = detail::take(from, m);
        if (!value && value.error() != status::closed) {
            return {};
        }
        const bool ended = !value;
        const duration blocked_before = m.blocked;
        const time_point began = clock::now();
        outcome done = value ? work(*std::move(value), emit) : at_end(emit);
        m.busy += clock::now() - began - (m.blocked - blocked_before);
        if (!done || !wanted || ended) {
            return done;
        }
    }
}

// Calls consume(value), std::expected<bool, error>, for each value, until it returns false (it has enough) or an error.
// Leaves `from`.
template <class From, class Consume>
outcome run_sink(From& from, Consume&& consume, meter& m) {
    const detail::on_exit leave{[&] { from.leave(); }};
    while (auto value = detail::take(from, m)) {
        std::expected<bool, error> more = [&] {
            const detail::stopwatch working{m.busy};
            return consume(*std::move(value));
        }();
        if (!more) {
            ++m.lost;
            return std::unexpected{std::move(more).error()};
        }
        ++m.out;
        if (!*more) {
            break;
        }
    }
    return {};
}

}  // namespace fiberlab::pipeline
