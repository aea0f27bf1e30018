// Waiting for the outside without blocking the thread: descriptors, and calls that have no non-blocking form.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "patterns/core/status.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab {

// Blocks the fiber until the descriptor can be read (or written) without blocking, has ended or has failed: ok; else
// timeout or stopped. A regular file is always ready. One fiber at a time may wait on a descriptor.
status wait_readable(int number, time_point deadline = never, const stop_token& stop = {});
status wait_writable(int number, time_point deadline = never, const stop_token& stop = {});

namespace seam {
void offload(const std::function<void()>& call);  // returns when the call has returned; `call` must not throw
}

// Runs `call` on a helper thread and blocks the fiber, not the thread, until it has returned; exceptions come back. It
// can't be cancelled: what it uses must outlive it, so the wait goes on even when the run ends. The call is outside the
// run: no channels, no locks of ours in it.
template <class F>
std::invoke_result_t<F&> offload(F&& call) {
    using result = std::invoke_result_t<F&>;
    std::exception_ptr thrown;
    if constexpr (std::is_void_v<result>) {
        seam::offload([&]() noexcept {
            try {
                call();
            } catch (...) {
                thrown = std::current_exception();
            }
        });
        if (thrown != nullptr) {
            std::rethrow_exception(thrown);
        }
    } else {
        std::optional<result> made;
        seam::offload([&]() noexcept {
            try {
                made.emplace(call());
            } catch (...) {
                thrown = std::current_exception();
            }
        });
        if (thrown != nullptr) {
            std::rethrow_exception(thrown);
        }
        return *std::move(made);
    }
}

}  // namespace fiberlab
