#include "patterns/heartbeat/heartbeat.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "patterns/core/fiber.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/demo/command.hpp"
#include "patterns/heartbeat/as_written.hpp"
#include "patterns/heartbeat/watch.hpp"
#include "tests/patterns/perform.hpp"

namespace fiberlab::demos {
const demo::command& heartbeat();
}

namespace fiberlab {

namespace {

using namespace std::chrono_literals;

// Runs `body` under many schedules; each must run to its end.
template <class Body>
void under_many_schedules(Body body) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const run_outcome done = run({.seed = seed}, [&] { body(); });
        CAPTURE(seed);
        CAPTURE(done.message);
        REQUIRE(done.how == run_outcome::kind::completed);
    }
}

demo::report play(const test::options_given& options, std::uint64_t seed, bool exploring = false) {
    const test::performed done =
        test::perform(demos::heartbeat(), {.options = options, .settings = {.seed = seed}, .exploring = exploring});
    CAPTURE(seed);
    CAPTURE(done.outcome.message);
    REQUIRE(done.outcome.how == run_outcome::kind::completed);
    if (exploring) {
        CHECK(done.outcome.fibers <= 4);
        CHECK(done.outcome.steps <= 100);
    }
    return done.report;
}

}  // namespace

TEST_CASE("a worker that waits for work pulses at every interval") {
    under_many_schedules([] {
        heartbeat life{"worker", 10ms};
        stop_source stop;
        channel<int> work{"work"};
        std::vector<time_point> at;
        {
            fiber worker = spawn("worker", [&] {
                const heartbeat::to_the_end closes{life};
                std::optional<int> unit;
                CHECK(life.select(receive(work, unit), done(stop.token())).how == status::stopped);
            });
            fiber reader = spawn("reader", [&] {
                for (const pulse p : life.pulses()) {
                    at.push_back(p.at);
                }
            });
            stop.stop_at(time_point{45ms});
        }
        CHECK(at == std::vector<time_point>{time_point{10ms}, time_point{20ms}, time_point{30ms}, time_point{40ms}});
    });
}

TEST_CASE("a worker whose result nobody takes goes on pulsing") {
    under_many_schedules([] {
        heartbeat life{"worker", 10ms};
        channel<int> results{"results"};
        std::optional<status> delivered;
        fiber worker = spawn("worker", [&] {
            const heartbeat::to_the_end closes{life};
            int result = 7;
            delivered = life.select(send(results, result)).how;
        });
        watch patient{life.pulses(), 25ms};
        int pulses = 0;
        while (clock::now() < time_point{1s}) {
            REQUIRE(patient.next() == sign::pulse);
            ++pulses;
        }
        CHECK(pulses == 100);
        CHECK(results.pop() == 7);
        worker.join();
        CHECK(delivered == status::ok);
    });
}

TEST_CASE("each unit of work begins with a pulse, however long the interval") {
    under_many_schedules([] {
        heartbeat life{"worker", 1h};
        fiber worker = spawn("worker", [&] {
            const heartbeat::to_the_end closes{life};
            for (int unit = 0; unit < 5; ++unit) {
                life.beat();
                CHECK(life.sleep_for(3ms) == status::ok);
            }
        });
        std::vector<time_point> at;
        for (const pulse p : life.pulses()) {
            at.push_back(p.at);
        }
        CHECK(at == std::vector<time_point>{time_point{0ms}, time_point{3ms}, time_point{6ms}, time_point{9ms},
                                            time_point{12ms}});
    });
}

TEST_CASE("pulses that nobody reads take no time from the work") {
    under_many_schedules([] {
        heartbeat life{"worker", 1ms};
        for (int unit = 0; unit < 10; ++unit) {
            life.beat();
            CHECK(life.sleep_for(5ms) == status::ok);
        }
        CHECK(clock::now() == time_point{50ms});
        CHECK(life.made() >= 50);
        CHECK(life.dropped() == life.made() - 1);
    });
}

TEST_CASE("a sleep is cut short by its stop token") {
    under_many_schedules([] {
        heartbeat life{"worker", 10ms};
        stop_source stop;
        stop.stop_at(time_point{25ms});
        CHECK(life.sleep_for(1h, stop.token()) == status::stopped);
        CHECK(clock::now() == time_point{25ms});
    });
}

TEST_CASE("a watch tells silence at its time-out, an end at once, and that it was called off") {
    under_many_schedules([] {
        heartbeat life{"worker", 10ms};
        watch patient{life.pulses(), 25ms};
        CHECK(patient.next() == sign::silent);
        CHECK(clock::now() == time_point{25ms});

        life.beat();
        CHECK(patient.next() == sign::pulse);
        CHECK(patient.next() == sign::silent);
        CHECK(clock::now() == time_point{50ms});

        stop_source stop;
        stop.request_stop();
        CHECK(patient.next(stop.token()) == sign::stopped);

        life.beat();
        life.close();
        CHECK(patient.next() == sign::pulse);
        CHECK(patient.next() == sign::ended);
        CHECK(patient.next() == sign::ended);
        CHECK(clock::now() == time_point{50ms});
    });
}

TEST_CASE("a pulse that is due together with the time-out counts as life") {
    under_many_schedules([] {
        heartbeat life{"worker", 25ms};
        stop_source stop;
        fiber worker = spawn("worker", [&] { CHECK(life.sleep_for(1s, stop.token()) == status::stopped); });
        watch patient{life.pulses(), 26ms};
        for (int i = 0; i < 4; ++i) {
            CHECK(patient.next() == sign::pulse);
            sleep_for(26ms);  // as if the machine had stood still: everything is overdue by now
        }
        stop.request_stop();
    });
}

TEST_CASE("a watch that waits for ever does not overflow") {
    const run_outcome done = run({}, [] {
        heartbeat life{"worker", 10ms};
        life.beat();
        sleep_for(1s);
        watch patient{life.pulses(), duration::max()};
        CHECK(patient.next() == sign::pulse);
    });
    CHECK(done.how == run_outcome::kind::completed);
}

TEST_CASE("the careless watch reads a dead heart as healthy") {
    under_many_schedules([] {
        heartbeat life{"worker", 10ms};
        careless_watch careless{life.pulses(), 25ms};
        CHECK(careless.next() == sign::silent);
        life.close();
        for (int i = 0; i < 100; ++i) {
            CHECK(careless.next() == sign::pulse);
        }
    });
}

TEST_CASE("the heartbeat demo holds under every schedule") {
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
    }
}

TEST_CASE("the heartbeat demo catches the careless watch with every seed") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        CHECK(demo::judge(play({{"variant", "as-written"}}, seed)) == demo::verdict::broken);
        CHECK(demo::judge(play({{"variant", "as-written"}}, seed, true)) == demo::verdict::broken);
    }
}

TEST_CASE("a time-out no longer than the interval is refused") {
    CHECK_FALSE(test::perform(demos::heartbeat(), {.options = {{"timeout", "10ms"}}}).usage.empty());
    CHECK(test::perform(demos::heartbeat(), {.options = {{"timeout", "11ms"}}}).usage.empty());
}

}  // namespace fiberlab
