#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <string>

#include "patterns/core/fiber.hpp"
#include "patterns/core/runtime/runtime.hpp"

using namespace fiberlab;

namespace {

int recurse(int depth) {  // NOLINT(misc-no-recursion): that is what the test is about
    std::array<volatile char, 512> frame{};
    frame[0] = static_cast<char>(depth);
    return depth == 0 ? frame[0] : recurse(depth - 1) + frame[0];
}

struct ended {
    int status = 0;
    std::string said;
};

// In a process of its own, for the overflow ends it.
ended overflow_in_child(run_mode mode) {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        run({.mode = mode},
            [] { const fiber deep = spawn({"digger", 7}, [] { _exit(recurse(1'000'000) == 0 ? 0 : 42); }); });
        _exit(43);
    }
    close(ends[1]);
    ended result;
    std::array<char, 4096> part{};
    for (ssize_t n = read(ends[0], part.data(), part.size()); n > 0; n = read(ends[0], part.data(), part.size())) {
        result.said.append(part.data(), static_cast<std::size_t>(n));
    }
    close(ends[0]);
    REQUIRE(waitpid(child, &result.status, 0) == child);
    return result;
}

}  // namespace

TEST_CASE("a stack overflow names its fiber and ends with exit code 1") {
    for (const run_mode mode : {run_mode::virtual_time, run_mode::real}) {
        const ended result = overflow_in_child(mode);
        CHECK(WIFEXITED(result.status));
        CHECK(WEXITSTATUS(result.status) == 1);
        CHECK(result.said.find("stack overflow in fiber \"digger 7\"") != std::string::npos);
    }
}
