#include "patterns/self_healing/restart_policy.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "patterns/core/runtime/runtime.hpp"
#include "patterns/self_healing/keep_running.hpp"

namespace fiberlab {

namespace {

using namespace std::chrono_literals;

template <class Body>
void under_many_schedules(Body body) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const run_outcome done = run({.seed = seed}, [&] { body(); });
        CAPTURE(seed);
        CAPTURE(done.message);
        REQUIRE(done.how == run_outcome::kind::completed);
    }
}

}  // namespace

TEST_CASE("pauses double up to their limit, each drawn from its upper half") {
    under_many_schedules([] {
        restart_policy policy{{.restarts = 6, .window = 1h, .back_off = 100ms, .most = 1s}};
        for (const duration step : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
            const auto pause = policy.next();
            REQUIRE(pause.has_value());
            CHECK(*pause >= step / 2);
            CHECK(*pause <= step);
        }
        CHECK_FALSE(policy.next().has_value());
    });
}

TEST_CASE("pauses differ between wards that fell together") {
    const run_outcome done = run({}, [] {
        restart_policy one{{}};
        restart_policy other{{}};
        CHECK(one.next() != other.next());
    });
    CHECK(done.how == run_outcome::kind::completed);
}

TEST_CASE("a quiet window gives the budget back, and the pauses begin anew") {
    under_many_schedules([] {
        restart_policy policy{{.restarts = 2, .window = 1s, .back_off = 100ms, .most = 1s}};
        CHECK(policy.next().has_value());
        CHECK(policy.next().has_value());
        CHECK_FALSE(policy.next().has_value());
        sleep_for(1300ms);
        const auto pause = policy.next();
        REQUIRE(pause.has_value());
        CHECK(*pause <= 100ms);
    });
}

TEST_CASE("no budget, no restart") {
    const run_outcome done = run({}, [] {
        restart_policy none{{.restarts = 0}};
        CHECK_FALSE(none.next().has_value());
    });
    CHECK(done.how == run_outcome::kind::completed);
}

TEST_CASE("what fails is run again until the budget is spent, and the last error is told") {
    under_many_schedules([] {
        std::vector<ward_report> told;
        const keep_settings settings{.restarts = {.restarts = 3, .back_off = 10ms},
                                     .on_end = [&](const ward_report& ended) { told.push_back(ended); }};
        const stewardship done = keep_running(settings, {}, [](std::size_t run) -> ward_result {
            return {ward_end::failed, "error " + std::to_string(run)};
        });
        CHECK(done.runs == 4);
        CHECK(done.budget_spent);
        CHECK(done.last.why == "error 4");
        REQUIRE(told.size() == 4);
        CHECK(told[2].restart_in.has_value());
        CHECK_FALSE(told[3].restart_in.has_value());
    });
}

TEST_CASE("what finishes is not run again, unless always") {
    under_many_schedules([] {
        const auto finish = [](std::size_t /*run*/) { return ward_result{}; };
        CHECK(keep_running({}, {}, finish).runs == 1);
        const stewardship again = keep_running({.restarts = {.restarts = 2}, .always = true}, {}, finish);
        CHECK(again.runs == 3);
        CHECK(again.last.how == ward_end::finished);
    });
}

TEST_CASE("what can't even be started is not tried again") {
    const run_outcome done = run({}, [] {
        const stewardship kept =
            keep_running({}, {}, [](std::size_t /*run*/) { return ward_result{ward_end::hopeless, "not found"}; });
        CHECK(kept.runs == 1);
        CHECK_FALSE(kept.budget_spent);
    });
    CHECK(done.how == run_outcome::kind::completed);
}

TEST_CASE("a stop ends the pause before a restart") {
    under_many_schedules([] {
        stop_source stop;
        stop.stop_at(time_point{5ms});
        const keep_settings settings{.restarts = {.back_off = 1h, .most = 1h}};
        const stewardship done =
            keep_running(settings, stop.token(), [](std::size_t /*run*/) { return ward_result{ward_end::failed, ""}; });
        CHECK(done.runs == 1);
        CHECK(done.last.how == ward_end::stopped);
        CHECK(clock::now() == time_point{5ms});
    });
}

}  // namespace fiberlab
