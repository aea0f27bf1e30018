#include <doctest/doctest.h>

#include <string>

#include "locks/contention/contenders.hpp"
#include "locks/contention/statistics.hpp"
#include "locks/memory/memory_locks.hpp"
#include "patterns/core/runtime/runtime.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;

namespace {

struct seen {
    run_outcome outcome{};
    demo::report report{};
    locks::contention_result result{};
};

seen contend_in_memory(const locks::contention& plan, std::uint64_t seed, bool as_written = false) {
    seen s;
    s.outcome = run({.seed = seed}, [&] {
        const auto manager = as_written ? locks::make_memory_locks_as_written() : locks::make_memory_locks();
        s.result = locks::contend(*manager, plan, {});
        locks::report_contention(s.report, s.result, plan.workers, 1);
    });
    return s;
}

std::int64_t count_of(const demo::report& report, std::string_view key) {
    for (const auto& [name, value] : report.counts) {
        if (name == key) {
            return value;
        }
    }
    return -1;
}

}  // namespace

TEST_CASE("contenders in memory exclude one another and share evenly") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const seen s = contend_in_memory({.workers = 8, .keys = 1, .hold = 500us, .run_for = 200ms}, seed);
        REQUIRE_MESSAGE(s.outcome.how == run_outcome::kind::completed, s.outcome.message);
        REQUIRE(demo::judge(s.report) == demo::verdict::held);
        REQUIRE(count_of(s.report, "acquisitions") >= 390);
        REQUIRE(count_of(s.report, "fairness_permille") > 800);
    }
}

TEST_CASE("waits that the end of the run cuts short are counted") {
    const seen s = contend_in_memory({.workers = 5, .keys = 1, .hold = 1s, .run_for = 100ms}, 1);
    CHECK(count_of(s.report, "acquisitions") == 1);
    CHECK(count_of(s.report, "attempts") == 5);
    CHECK(count_of(s.report, "timeouts") + count_of(s.report, "cut_off_waiting") == 4);
    for (const auto& [name, summary] : s.report.latencies) {
        if (name == "wait") {
            CHECK(summary.count == 5);
            CHECK(summary.max_ns == 100'000'000);
        }
    }
}

TEST_CASE("the keyed mutex as written breaks exclusion with every seed from 1 to 20") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const seen s = contend_in_memory({.workers = 8, .keys = 1, .hold = 500us, .run_for = 1s}, seed, true);
        const bool caught =
            s.outcome.how == run_outcome::kind::deadlock || demo::judge(s.report) == demo::verdict::broken;
        REQUIRE_MESSAGE(caught, "seed " << seed);
    }
}

TEST_CASE("the same seed gives the same history") {
    const locks::contention plan{.workers = 4, .keys = 3, .hold = 300us, .run_for = 50ms};
    CHECK(contend_in_memory(plan, 7).outcome.trace_hash == contend_in_memory(plan, 7).outcome.trace_hash);
    CHECK(contend_in_memory(plan, 7).outcome.trace_hash != contend_in_memory(plan, 8).outcome.trace_hash);
}

TEST_CASE("Jain's index is 1 for equal shares and 1/n when one contender has it all") {
    CHECK(locks::jain_permille({5, 5, 5, 5}) == 1000);
    CHECK(locks::jain_permille({20, 0, 0, 0}) == 250);
    CHECK(locks::jain_permille({0, 0}) == 0);
}
