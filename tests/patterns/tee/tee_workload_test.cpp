#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "tests/patterns/perform.hpp"

namespace fiberlab::demos {
const demo::command& tee();
}

namespace {

using namespace fiberlab;
using test::performed;

constexpr std::uint64_t seeds = 200;

performed perform(const test::options_given& options, std::uint64_t seed, bool exploring = false) {
    return test::perform(demos::tee(), {.options = options, .settings = {.seed = seed}, .exploring = exploring});
}

TEST_CASE("the demo holds with a stop, without one, with a leaver and with any capacity") {
    const std::vector<test::options_given> settings{{},
                                                    {{"stop-after", "0"}},
                                                    {{"stop-after", "0"}, {"leave-after", "3"}},
                                                    {{"capacity", "5"}, {"items", "100"}, {"stop-after", "40"}},
                                                    {{"slow", "0s"}, {"items", "50"}, {"stop-after", "20"}},
                                                    {{"items", "1"}, {"stop-after", "1"}, {"leave-after", "1"}}};
    for (const auto& options : settings) {
        for (std::uint64_t seed = 1; seed <= 50; ++seed) {
            const performed done = perform(options, seed);
            REQUIRE(done.outcome.how == run_outcome::kind::completed);
            REQUIRE(demo::judge(done.report) == demo::verdict::held);
        }
    }
}

TEST_CASE("without a stop every value comes out on both sides") {
    const performed done = perform({{"stop-after", "0"}, {"items", "25"}}, 3);
    CHECK(test::count_of(done.report, "items_in") == 25);
    CHECK(test::count_of(done.report, "items_both") == 25);
}

TEST_CASE("the run of the popular variant says that a value is missing, for every seed") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const performed done = perform({{"variant", "as-written"}}, seed);
        REQUIRE(done.outcome.how == run_outcome::kind::completed);
        REQUIRE(demo::judge(done.report) == demo::verdict::broken);
        REQUIRE(test::count_of(done.report, "items_left") == 6);
        REQUIRE(test::count_of(done.report, "items_right") == 5);
    }
}

TEST_CASE("the workload to explore is small, and some schedules break the popular variant in it") {
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
    CHECK(broken < seeds);
}

}  // namespace
