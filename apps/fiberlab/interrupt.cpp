#include "apps/fiberlab/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>

#include "apps/fiberlab/exit_code.hpp"
#include "patterns/core/runtime/runtime.hpp"

namespace fiberlab::cli {

namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "touched in a signal handler");

void on_interrupt(int number) {
    if (interrupted.exchange(true)) {
        ::_exit(exit_code::signalled + number);
    }
    request_interrupt(number);
}

void handle(int number, void (*action)(int)) {
    struct sigaction handler{};
    handler.sa_handler = action;
    handler.sa_flags = SA_RESTART;
    ::sigaction(number, &handler, nullptr);
}

}  // namespace

void ignore_closed_pipes() {
    handle(SIGPIPE, SIG_IGN);
}

void catch_interrupts() {
    handle(SIGINT, on_interrupt);
    handle(SIGTERM, on_interrupt);
}

std::string signal_name(int number) {
    const char* const known = ::sigabbrev_np(number);
    return known != nullptr ? std::string{"SIG"} + known : "signal " + std::to_string(number);
}

}  // namespace fiberlab::cli
