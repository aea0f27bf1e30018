#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "tests/patterns/perform.hpp"

namespace fiberlab::demos {
const demo::command& bridge();
}

namespace {

using namespace fiberlab;
using test::performed;

constexpr std::uint64_t seeds = 200;

performed perform(const test::options_given& options, std::uint64_t seed, bool exploring = false) {
    return test::perform(demos::bridge(), {.options = options, .settings = {.seed = seed}, .exploring = exploring});
}

const demo::latency_summary& timing_of(const demo::report& report, std::string_view key) {
    for (const auto& [each, value] : report.latencies) {
        if (each == key) {
            return value;
        }
    }
    throw std::logic_error("no such timing");
}

TEST_CASE("the demo holds with a stop, without one, and with any capacities") {
    const std::vector<test::options_given> settings{
        {},
        {{"stop-after", "0"}},
        {{"capacity", "0"}, {"ahead", "0"}},
        {{"capacity", "20"}, {"ahead", "9"}, {"items", "50"}, {"streams", "7"}, {"stop-after", "33"}},
        {{"items", "2"}, {"streams", "5"}, {"stop-after", "0"}},
        {{"slow", "0s"}, {"stop-after", "1"}}};
    for (const auto& options : settings) {
        for (std::uint64_t seed = 1; seed <= 50; ++seed) {
            const performed done = perform(options, seed);
            REQUIRE(done.outcome.how == run_outcome::kind::completed);
            REQUIRE(demo::judge(done.report) == demo::verdict::held);
        }
    }
}

TEST_CASE("without a stop everything comes out") {
    const performed done = perform({{"stop-after", "0"}, {"items", "25"}, {"streams", "6"}}, 3);
    CHECK(test::count_of(done.report, "items_out") == 25);
    CHECK(test::count_of(done.report, "streams_begun") == 6);
}

TEST_CASE("values of later streams are measured to wait behind a slow head, and hardly behind a quick one") {
    const performed slow = perform({{"stop-after", "0"}, {"slow", "40ms"}}, 1);
    const performed quick = perform({{"stop-after", "0"}, {"slow", "4us"}}, 1);
    CHECK(timing_of(slow.report, "ready_behind_the_head").max_ns > 100'000'000);
    CHECK(timing_of(quick.report, "ready_behind_the_head").max_ns < 4'000'000);
}

TEST_CASE("the run of the popular variant names the producers that it left parked, for every seed") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const performed done = perform({{"variant", "as-written"}}, seed);
        REQUIRE(done.outcome.how == run_outcome::kind::completed);
        REQUIRE(demo::judge(done.report) == demo::verdict::broken);
        REQUIRE(test::count_of(done.report, "producers_left_behind") >= 1);
    }
}

TEST_CASE("the workload to explore is small, and schedules break the popular variant in it") {
    std::size_t broken = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const performed fixed = perform({}, seed, true);
        REQUIRE(fixed.outcome.how == run_outcome::kind::completed);
        REQUIRE(demo::judge(fixed.report) == demo::verdict::held);
        REQUIRE(fixed.outcome.fibers <= 4);
        REQUIRE(fixed.outcome.steps <= 80);
        const performed popular = perform({{"variant", "as-written"}}, seed, true);
        REQUIRE(popular.outcome.how == run_outcome::kind::completed);
        broken += demo::judge(popular.report) == demo::verdict::broken ? 1 : 0;
    }
    CHECK(broken > 0);
}

}  // namespace
