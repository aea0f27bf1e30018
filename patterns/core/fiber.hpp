// fiber: the handle of a running function, as std::jthread is of a thread.
//
//   fiber producer = spawn("producer", [&] { … });
//   producer.join();   // blocks until it ends; rethrows what left it
//
// Whoever holds the handle owns the fiber: its destructor joins. Prefer a task_group where there are several.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "patterns/core/runtime/fiber_state.hpp"
#include "patterns/core/runtime/seam.hpp"

namespace fiberlab {

class fiber {
public:
    fiber() noexcept = default;
    fiber(fiber&& other) noexcept : state_{std::exchange(other.state_, nullptr)} {}
    fiber& operator=(fiber&& other) noexcept {
        if (this != &other) {
            join_quietly();
            state_ = std::exchange(other.state_, nullptr);
        }
        return *this;
    }
    fiber(const fiber&) = delete;
    fiber& operator=(const fiber&) = delete;
    ~fiber() { join_quietly(); }

    bool joinable() const noexcept { return state_ != nullptr; }
    void join();  // blocks; rethrows the exception that left the fiber. Misuse on an empty handle: std::logic_error
    // Gives up the handle without waiting. The run reports the fiber as leaked if it has not ended when the root has:
    // for showing what a leak is.
    void detach() noexcept;

private:
    template <class F>
    friend fiber spawn(name called, F&& work);
    explicit fiber(fiber_state& state) noexcept : state_{&state} {}
    void join_quietly() noexcept;

    fiber_state* state_ = nullptr;
};

namespace seam {
void before_start();  // a point; throws std::logic_error outside a fiber
void start(fiber_state& fresh);
}  // namespace seam

// Starts `work` as a fiber of the current run. It first runs when the caller next blocks, or at a preemption point.
template <class F>
[[nodiscard]] fiber spawn(name called, F&& work) {
    using body = fiber_body<std::decay_t<F>>;
    static_assert(std::invocable<std::decay_t<F>&>);
    seam::before_start();
    auto* fresh = new body{called, std::decay_t<F>(std::forward<F>(work))};
    seam::start(*fresh);
    return fiber{*fresh};
}

}  // namespace fiberlab
