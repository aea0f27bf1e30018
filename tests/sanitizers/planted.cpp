// planted: makes, inside a fiber, the mistake that its argument names. Built under the sanitizers only, where ctest
// expects the report, with the frame of the fiber in it: sanitizers that lose sight of fibers' stacks stay silent.
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "patterns/core/channel.hpp"
#include "patterns/core/fiber.hpp"
#include "patterns/core/runtime/runtime.hpp"

namespace {

// Opaque to the compiler, which would otherwise see the mistakes itself or drop them.
template <class T>
[[gnu::noinline]] T opaque(T value) {
    asm volatile("" : "+r"(value) : : "memory");
    return value;
}

[[gnu::noinline]] int read_after_free() {
    auto order = std::make_unique<int>(7);
    const int* const dangling = opaque(order.get());
    order.reset();
    return *dangling;
}

[[gnu::noinline]] void overwrite_array_on_stack() {
    char row[16];
    std::memset(opaque(row), 0, opaque(sizeof row + 1));
}

[[gnu::noinline]] void lose_memory() {
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): that it leaks is the point
    auto* const lost = opaque(new std::vector<int>(100));
    lost->clear();
}

[[gnu::noinline]] int overflow_integer() {
    return opaque(std::numeric_limits<int>::max()) + opaque(1);
}

// Correct, yet reported by a sanitizer that takes a fiber's stack for the thread's.
[[gnu::noinline]] void throw_and_catch() {
    try {
        throw std::runtime_error{"sold out"};
    } catch (const std::runtime_error& caught) {
        opaque(caught.what());
    }
}

void make(std::string_view mistake) {
    if (mistake == "use-after-free") {
        opaque(read_after_free());
    } else if (mistake == "stack-overflow") {
        overwrite_array_on_stack();
    } else if (mistake == "leak") {
        lose_memory();
    } else if (mistake == "integer-overflow") {
        opaque(overflow_integer());
    } else if (mistake == "nothing") {
        throw_and_catch();
    }
}

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count != 2) {
        return 2;
    }
    const std::string_view mistake = arguments[1];
    const auto done = fiberlab::run({}, [mistake] {
        fiberlab::channel<int> orders{"orders", 0};
        // Both fibers have been away from their stacks and back before the mistake is made.
        auto clerk = fiberlab::spawn("clerk", [&] {
            for (int order = 0; order < 3; ++order) {
                static_cast<void>(orders.push(order));
            }
            orders.close();
        });
        auto cook = fiberlab::spawn("cook", [&] {
            for ([[maybe_unused]] const int order : orders) {
            }
            make(mistake);
        });
        clerk.join();
        cook.join();
    });
    return done.how == fiberlab::run_outcome::kind::completed ? 0 : 1;
}
