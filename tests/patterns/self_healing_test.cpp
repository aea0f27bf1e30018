#include "patterns/self_healing/self_healing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "patterns/core/runtime/runtime.hpp"
#include "patterns/demo/command.hpp"
#include "patterns/self_healing/as_written.hpp"
#include "tests/patterns/perform.hpp"

namespace fiberlab::demos {
const demo::command& self_healing();
}

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

// A ward that counts itself, hangs in its first life and takes its time to let go.
struct observed_ward {
    int starts = 0;
    int inside = 0;
    int most_inside = 0;
    std::vector<time_point> started;

    outcome live(heartbeat& life, const stop_token& stop) {
        struct visit {
            explicit visit(observed_ward& of) : self{of} {
                self.most_inside = std::max(self.most_inside, ++self.inside);
            }
            visit(const visit&) = delete;
            visit& operator=(const visit&) = delete;
            visit(visit&&) = delete;
            visit& operator=(visit&&) = delete;
            ~visit() { --self.inside; }
            observed_ward& self;
        };
        const visit here{*this};
        started.push_back(clock::now());
        if (++starts == 1) {
            stop.wait();
            sleep_for(100ms);
            return failure("told to stop");
        }
        return life.sleep_for(55ms, stop) == status::ok ? outcome{} : failure("told to stop");
    }
};

steward_settings with_restarts(std::size_t restarts) {
    return {.interval = 10ms,
            .timeout = 25ms,
            .keep = {.restarts = {.restarts = restarts, .window = 1min, .back_off = 20ms, .most = 1s}}};
}

demo::report play(const test::options_given& options, std::uint64_t seed, bool exploring = false) {
    const test::performed done =
        test::perform(demos::self_healing(), {.options = options, .settings = {.seed = seed}, .exploring = exploring});
    CAPTURE(seed);
    CAPTURE(done.outcome.message);
    REQUIRE(done.outcome.how == run_outcome::kind::completed);
    if (exploring) {
        CHECK(done.outcome.fibers <= 5);
        CHECK(done.outcome.steps <= 100);
    }
    return done.report;
}

}  // namespace

// ---- the steward

TEST_CASE("a ward that hangs is stopped, waited for and started anew") {
    under_many_schedules([] {
        observed_ward observed;
        steward keeper{"ward", [&](heartbeat& life, const stop_token& stop) { return observed.live(life, stop); },
                       with_restarts(3)};
        const stewardship done = keeper.run({});
        CHECK(done.last.how == ward_end::finished);
        CHECK(observed.most_inside == 1);
        REQUIRE(observed.started.size() == 2);
        // 25 ms of silence, 100 ms to let go, and at least half of the back-off.
        CHECK(observed.started[1] >= time_point{135ms});
        CHECK(observed.started[1] <= time_point{145ms});
    });
}

TEST_CASE("the hasty steward has two wards at once") {
    under_many_schedules([] {
        observed_ward observed;
        {
            hasty_steward keeper{"ward",
                                 [&](heartbeat& life, const stop_token& stop) { return observed.live(life, stop); },
                                 with_restarts(3)};
            [[maybe_unused]] const stewardship done = keeper.run({});
        }
        CHECK(observed.most_inside == 2);
    });
}

TEST_CASE("a ward that fails or throws is started anew at once, but for the pause") {
    under_many_schedules([] {
        int starts = 0;
        steward keeper{"ward",
                       [&](heartbeat& /*life*/, const stop_token& /*stop*/) -> outcome {
                           if (++starts == 1) {
                               throw std::runtime_error{"thrown"};
                           }
                           return starts == 2 ? failure("returned") : outcome{};
                       },
                       with_restarts(3)};
        const stewardship done = keeper.run({});
        CHECK(done.runs == 3);
        CHECK(done.last.how == ward_end::finished);
        CHECK(clock::now() <= time_point{60ms});
    });
}

TEST_CASE("a steward that is stopped ends its ward first") {
    under_many_schedules([] {
        stop_source stop;
        stop.stop_at(time_point{33ms});
        bool ended = false;
        steward keeper{"ward",
                       [&](heartbeat& life, const stop_token& token) -> outcome {
                           CHECK(life.sleep_for(1h, token) == status::stopped);
                           sleep_for(7ms);
                           ended = true;
                           return {};
                       },
                       with_restarts(3)};
        CHECK(keeper.run(stop.token()).last.how == ward_end::stopped);
        CHECK(ended);
        CHECK(clock::now() == time_point{40ms});
    });
}

TEST_CASE("a ward that ignores its stop holds up its steward, and the run says who waits for whom") {
    const run_outcome done = run({}, [] {
        channel<int> silence{"silence"};
        steward keeper{"ward",
                       [&](heartbeat& /*life*/, const stop_token& /*stop*/) -> outcome {
                           [[maybe_unused]] const auto value = silence.pop();
                           return {};
                       },
                       with_restarts(3)};
        [[maybe_unused]] const stewardship kept = keeper.run({});
    });
    CHECK(done.how == run_outcome::kind::deadlock);
    CHECK(done.blocked.size() == 2);
}

// ---- the demo

TEST_CASE("the self-healing demo holds under every schedule") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        CAPTURE(seed);
        const demo::report made = play({}, seed);
        for (const demo::invariant& each : made.invariants) {
            CAPTURE(each.sentence);
            CAPTURE(each.detail);
            CHECK(each.held);
            CHECK(each.samples > 0);
        }
        CHECK(demo::judge(play({}, seed, true)) == demo::verdict::held);
        CHECK(demo::judge(play({{"restarts", "0"}}, seed)) == demo::verdict::held);
        CHECK(demo::judge(play({{"restarts", "1"}, {"window", "50ms"}}, seed)) == demo::verdict::held);
    }
}

TEST_CASE("the self-healing demo catches both defects with every seed") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        for (const std::string defect : {"as-written", "closed-heartbeat"}) {
            CAPTURE(defect);
            CHECK(demo::judge(play({{"variant", defect}}, seed)) == demo::verdict::broken);
            CHECK(demo::judge(play({{"variant", defect}}, seed, true)) == demo::verdict::broken);
        }
    }
}

}  // namespace fiberlab
