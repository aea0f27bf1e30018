#include "patterns/core/runtime/overflow.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <string_view>

#include "patterns/core/runtime/scheduler.hpp"

namespace fiberlab {

namespace {

constexpr std::size_t signal_stack_bytes = 64U * 1024;

// Only async-signal-safe calls from here on: the handler runs in the middle of anything.
void say(std::string_view text) noexcept {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

void say(std::uint64_t number) noexcept {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    say(std::string_view{digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
}

bool in_guard_of(const worker& on, const void* fault) noexcept {
    const auto* const bottom = static_cast<const std::byte*>(on.stack.bottom);
    const auto* const at = static_cast<const std::byte*>(fault);
    return bottom != nullptr && at < bottom && at >= bottom - stack_pool::guard_bytes;
}

void on_fault(int signal_number, siginfo_t* info, void* /*context*/) {
    const scheduler* const s = scheduler::current();
    const fiber_state* const running = s != nullptr ? s->running() : nullptr;
    if (running != nullptr && running->on != nullptr && in_guard_of(*running->on, info->si_addr)) {
        const name& label = running->self.label;
        say("fiberlab: stack overflow in fiber \"");
        say(label.text());
        if (label.index() != name::no_index) {
            say(" ");
            say(static_cast<std::uint64_t>(label.index()));
        }
        say("\": it used more than its ");
        say(running->on->stack.size / 1024);
        say(" KiB; give the run a larger stack_bytes, or recurse less\n");
        _exit(1);
    }
    // Not ours: returning repeats the fault under the default action.
    std::signal(signal_number, SIG_DFL);
}

struct handler {
    struct sigaction before_segv{};
    struct sigaction before_bus{};
    stack_t before_stack{};
    void* stack = nullptr;
    int users = 0;
};

thread_local constinit handler installed;

}  // namespace

overflow_guard::overflow_guard() {
    if (installed.users++ != 0) {
        return;
    }
    // The handler can't run on the stack that is full.
    installed.stack = mmap(nullptr, signal_stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (installed.stack == MAP_FAILED) {
        installed.stack = nullptr;
        return;
    }
    stack_t alternative{};
    alternative.ss_sp = installed.stack;
    alternative.ss_size = signal_stack_bytes;
    sigaltstack(&alternative, &installed.before_stack);
    struct sigaction action{};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, &installed.before_segv);
    sigaction(SIGBUS, &action, &installed.before_bus);
}

overflow_guard::~overflow_guard() {
    if (--installed.users != 0 || installed.stack == nullptr) {
        return;
    }
    sigaction(SIGSEGV, &installed.before_segv, nullptr);
    sigaction(SIGBUS, &installed.before_bus, nullptr);
    sigaltstack(&installed.before_stack, nullptr);
    munmap(installed.stack, signal_stack_bytes);
}

}  // namespace fiberlab
