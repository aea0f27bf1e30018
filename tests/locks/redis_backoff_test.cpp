#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <vector>

#include "locks/redis/wake_strategy.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/runtime/seam.hpp"

namespace fiberlab::locks {

namespace {

using namespace std::chrono_literals;

// The pauses of `count` fruitless tries in a row, in virtual time.
std::vector<duration> pauses(std::uint32_t count, std::uint64_t seed, const backoff_settings& settings = {}) {
    std::vector<duration> seen;
    const run_outcome done = run({.mode = run_mode::virtual_time, .seed = seed}, [&] {
        backoff_strategy waits{settings};
        for (std::uint32_t tries = 1; tries <= count; ++tries) {
            const time_point before = clock::now();
            [[maybe_unused]] const status woken = waits.wait({.key = "k", .tries = tries}, never, {});
            seen.push_back(clock::now() - before);
        }
    });
    REQUIRE(done.how == run_outcome::kind::completed);
    return seen;
}

}  // namespace

TEST_CASE("pauses are random, below a bound that doubles up to its limit") {
    duration longest_first{};
    duration longest_late{};
    std::set<duration> different;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const auto seen = pauses(12, seed, {.first = 1ms, .most = 50ms});
        for (std::uint32_t i = 0; i < seen.size(); ++i) {
            REQUIRE(seen[i] <= std::min<duration>(50ms, 1ms * (1 << i)));
        }
        longest_first = std::max(longest_first, seen.front());
        longest_late = std::max(longest_late, seen.back());
        different.insert(seen.begin(), seen.end());
    }
    CHECK(longest_first > 900us);
    CHECK(longest_late > 45ms);
    CHECK(different.size() > 2300);
}

TEST_CASE("two processes with the same seed don't pause alike") {
    CHECK(pauses(8, 1) != pauses(8, 1));
}

TEST_CASE("the bound stays when the tries are many") {
    for (const duration pause : pauses(100, 3, {.first = 1ms, .most = 4ms})) {
        REQUIRE(pause <= 4ms);
    }
}

TEST_CASE("a pause ends at the latest time given, and when the stop token fires") {
    duration cut{};
    duration stopped_after{};
    status why = status::ok;
    const run_outcome done = run({.mode = run_mode::virtual_time}, [&] {
        backoff_strategy waits{{.first = 100s, .most = 100s}};
        time_point before = clock::now();
        [[maybe_unused]] const status woken = waits.wait({.key = "k"}, before + 3ms, {});
        cut = clock::now() - before;
        const stop_source stop;
        stop.stop_after(1ms);
        before = clock::now();
        why = waits.wait({.key = "k"}, never, stop.token());
        stopped_after = clock::now() - before;
    });
    CHECK(done.how == run_outcome::kind::completed);
    CHECK(cut == 3ms);
    CHECK(why == status::stopped);
    CHECK(stopped_after == 1ms);
}

TEST_CASE("pauses that make no sense are refused") {
    CHECK_THROWS_AS(backoff_strategy({.first = 0ms, .most = 50ms}), std::invalid_argument);
    CHECK_THROWS_AS(backoff_strategy({.first = 2ms, .most = 1ms}), std::invalid_argument);
}

}  // namespace fiberlab::locks
