// task_group: fibers that belong together, after golang.org/x/sync/errgroup.
//
//   task_group group{stop, "fetches"};
//   group.set_limit(4);
//   for (auto& url : urls) { group.go("fetch", [&](const stop_token& cancelled) { return fetch(url, cancelled); }); }
//   if (auto done = group.wait(); !done) { report(done.error().message); }
//
// The first error stops the rest (their token fires) and is what wait() returns; later errors are counted. An exception
// that leaves a task is that task's error. The destructor stops what still runs, and joins it: no task outlives its
// group.
#pragma once

#include <cstddef>
#include <exception>
#include <expected>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "patterns/core/fiber.hpp"
#include "patterns/core/semaphore.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab {

struct error {
    std::string message;
    std::exception_ptr cause;  // set when it was an exception
};

using outcome = std::expected<void, error>;

inline std::unexpected<error> failure(std::string message) {
    return std::unexpected{error{std::move(message), nullptr}};
}

class task_group {
public:
    explicit task_group(name called = "group") : task_group{stop_token{}, called} {}
    explicit task_group(const stop_token& parent, name called = "group");
    ~task_group();
    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;
    task_group(task_group&&) = delete;
    task_group& operator=(task_group&&) = delete;

    // At most n tasks at once from now on: go() blocks while that many run. Only while the group is empty.
    void set_limit(std::size_t n);

    // Starts a task: void() or outcome(), taking nothing or the group's stop token.
    template <class F>
    void go(name called, F&& task) {
        if (limit_ != nullptr) {
            [[maybe_unused]] const status slot = limit_->acquire();
        }
        start(called, std::forward<F>(task));
    }

    // The same, unless the limit is reached: then false, and the task does not run.
    template <class F>
    [[nodiscard]] bool try_go(name called, F&& task) {
        if (limit_ != nullptr && limit_->try_acquire() != status::ok) {
            return false;
        }
        start(called, std::forward<F>(task));
        return true;
    }

    // Blocks until every task has ended; the first error, if there was one. New tasks may be started after it.
    [[nodiscard]] outcome wait();

    const stop_source& stop() const noexcept { return stop_; }
    stop_token token() const noexcept { return stop_.token(); }
    std::size_t later_errors() const noexcept { return later_errors_; }

private:
    template <class F>
    void start(name called, F&& task) {
        tasks_.push_back(spawn(called, [this, work = std::decay_t<F>(std::forward<F>(task))]() mutable {
            conclude(called_safely(work));
        }));
    }

    template <class F>
    outcome called_safely(F& work) {
        try {
            if constexpr (std::is_invocable_v<F&, const stop_token&>) {
                return as_outcome([&] { return work(stop_.token()); });
            } else {
                return as_outcome(work);
            }
        } catch (const std::exception& thrown) {
            return std::unexpected{error{thrown.what(), std::current_exception()}};
        }
    }

    template <class F>
    static outcome as_outcome(F&& work) {
        if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
            work();
            return {};
        } else {
            return work();
        }
    }

    void conclude(outcome done);

    stop_source stop_;
    std::unique_ptr<semaphore> limit_;
    std::list<fiber> tasks_;
    outcome first_;
    std::size_t later_errors_ = 0;
};

}  // namespace fiberlab
