// Tells AddressSanitizer of every switch between stacks. Without it, code that runs on fibers gives false reports and
// hides true leaks. Compiles to nothing elsewhere.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define FIBERLAB_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBERLAB_ASAN 1
#endif
#endif

#ifdef FIBERLAB_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace fiberlab {

inline constexpr bool address_sanitizer =
#ifdef FIBERLAB_ASAN
    true;
#else
    false;
#endif

// What has to be kept of a stack while another one runs.
struct stack_record {
    void* exceptions[2] = {};  // the C++ run-time's per-thread exception state, which Boost.Fiber does not switch
    const void* bottom = nullptr;
    std::size_t size = 0;
    void* fake_stack = nullptr;
    bool arrived = true;  // the switch to this stack has been completed
};

// What frames that never returned left marked on a stack must not be held against its next user.
inline void forget_poison([[maybe_unused]] const void* low, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef FIBERLAB_ASAN
    ASAN_UNPOISON_MEMORY_REGION(low, bytes);
#endif
}

inline void complete_arrival([[maybe_unused]] stack_record& here) noexcept {
#ifdef FIBERLAB_ASAN
    if (!here.arrived) {
        __sanitizer_finish_switch_fiber(here.fake_stack, nullptr, nullptr);
        here.fake_stack = nullptr;
        here.arrived = true;
    }
#endif
}

inline void announce_departure([[maybe_unused]] stack_record& from, [[maybe_unused]] stack_record& to,
                               [[maybe_unused]] bool for_good) noexcept {
#ifdef FIBERLAB_ASAN
    complete_arrival(from);
    __sanitizer_start_switch_fiber(for_good ? nullptr : &from.fake_stack, to.bottom, to.size);
    to.arrived = false;
#endif
}

}  // namespace fiberlab
