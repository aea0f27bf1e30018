#include "patterns/core/runtime/interrupt.hpp"

#include <atomic>
#include <csignal>

#include "patterns/core/runtime/reactor.hpp"
#include "patterns/core/runtime/runtime.hpp"

namespace fiberlab {

namespace {
constinit std::atomic<int> pending{0};
}

void request_interrupt(int signal_number) noexcept {
    pending.store(signal_number, std::memory_order_release);
    reactor::interrupt();
}

bool interrupt_pending() noexcept {
    return pending.load(std::memory_order_relaxed) != 0;
}

int take_interrupt() noexcept {
    return interrupt_pending() ? pending.exchange(0, std::memory_order_acq_rel) : 0;
}

std::string_view signal_text(int signal_number) noexcept {
    switch (signal_number) {
        case SIGINT:
            return "SIGINT";
        case SIGTERM:
            return "SIGTERM";
        case SIGHUP:
            return "SIGHUP";
        case SIGPIPE:
            return "SIGPIPE";
        default:
            return "a signal";
    }
}

}  // namespace fiberlab
