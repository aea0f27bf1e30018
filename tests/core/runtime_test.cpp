#include "patterns/core/runtime/runtime.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "patterns/core/channel.hpp"
#include "patterns/core/mutex.hpp"
#include "patterns/core/task_group.hpp"
#include "schedules.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;
using fiberlab::test::in_both_modes;
using fiberlab::test::under_schedules;

namespace {

class recorder final : public event_sink {
public:
    explicit recorder(bool detail = true) : detail_{detail} {}
    void on_event(const event& happened) override { events.push_back(happened); }
    bool wants_detail() const noexcept override { return detail_; }
    std::vector<event> events;

private:
    bool detail_;
};

void busy_program() {
    channel<int> numbers{"numbers", 1};
    mutex guard{"guard"};
    task_group group;
    for (int i = 0; i < 3; ++i) {
        group.go({"worker", i}, [&] {
            for (int k = 0; k < 3; ++k) {
                sleep_for(draw(0us, 5us));
                const std::lock_guard hold{guard};
                (void)numbers.try_push(static_cast<int>(draw(100)));
                (void)numbers.try_pop();
            }
        });
    }
    [[maybe_unused]] const outcome done = group.wait();
}

}  // namespace

TEST_CASE("the same seed gives the same trace, another one another") {
    std::set<std::uint64_t> hashes;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        const run_outcome first = run({.seed = seed}, busy_program);
        const run_outcome second = run({.seed = seed}, busy_program);
        REQUIRE(first.trace_hash.has_value());
        REQUIRE(first.trace_hash == second.trace_hash);
        REQUIRE(first.steps == second.steps);
        hashes.insert(*first.trace_hash);
    }
    CHECK(hashes.size() == 30);
    CHECK(!run({.mode = run_mode::real}, busy_program).trace_hash.has_value());
}

TEST_CASE("watching a run does not change it") {
    recorder all;
    recorder story{false};
    const auto plain = run({.seed = 5}, busy_program).trace_hash;
    CHECK(run({.seed = 5, .sink = &all}, busy_program).trace_hash == plain);
    CHECK(run({.seed = 5, .sink = &story}, busy_program).trace_hash == plain);
    CHECK(all.events.size() > 50);
    CHECK(story.events.empty());
}

TEST_CASE("the trace's hash is the same on every machine") {
    // A change here changes every hash that anybody has noted down: it has to be meant.
    const run_outcome done = run({.seed = 1}, [] {
        channel<int> numbers{"numbers"};
        const fiber producer = spawn("producer", [&] { (void)numbers.push(static_cast<int>(draw(10))); });
        sleep_for(1us);
        (void)numbers.pop();
    });
    CHECK(done.steps == 4);
    CHECK(done.trace_hash.value() == 15476716040478911335ULL);
}

TEST_CASE("drawn numbers depend on the seed and the fiber, not on the schedule") {
    const auto drawn = [](std::uint64_t seed, bool disturb) {
        std::vector<std::uint64_t> numbers;
        run({.seed = seed}, [&] {
            const fiber one = spawn("one", [&] {
                for (int i = 0; i < 5; ++i) {
                    if (disturb) {
                        yield();
                    }
                    numbers.push_back(draw(1'000'000));
                }
            });
            const fiber other = spawn("other", [&] {
                for (int i = 0; i < 20; ++i) {
                    yield();
                }
            });
        });
        return numbers;
    };
    CHECK(drawn(1, false) == drawn(1, true));
    CHECK(drawn(1, false) != drawn(2, false));
}

TEST_CASE("a range that is drawn from keeps to its ends") {
    under_schedules(5, [] {
        std::set<std::int64_t> seen;
        for (int i = 0; i < 500; ++i) {
            const duration d = draw(3ns, 7ns);
            REQUIRE(d >= 3ns);
            REQUIRE(d <= 7ns);
            seen.insert(d.count());
        }
        REQUIRE(seen.size() == 5);
        REQUIRE(draw(0) == 0);
        REQUIRE(draw(1) == 0);
        REQUIRE(!draw_chance(0.0));
        REQUIRE(draw_chance(1.0));
    });
}

TEST_CASE("a fiber that still waits when the root has ended is a leak, named with what it waits for") {
    for (const run_mode mode : {run_mode::virtual_time, run_mode::real}) {
        const run_outcome done = run({.mode = mode}, [] {
            const auto orphans = std::make_shared<channel<int>>("orphans");
            spawn({"producer", 3}, [orphans] { (void)orphans->push(1); }).detach();
            spawn("sleeper", [] { sleep_for(1h); }).detach();
            yield();
        });
        REQUIRE(done.how == run_outcome::kind::leak);
        REQUIRE(done.blocked.size() == 2);
        CHECK(done.blocked[0].fiber == "producer 3");
        CHECK(done.blocked[0].waits_for == "push on orphans");
        CHECK(done.blocked[1].waits_for == "sleep on the clock");
    }
}

TEST_CASE("a run that goes on without time passing is a livelock") {
    const run_outcome done = run({.max_steps_at_once = 5000}, [] {
        const fiber spinner = spawn("spinner", [] {
            for (;;) {
                yield();
            }
        });
    });
    REQUIRE(done.how == run_outcome::kind::livelock);
    CHECK(done.message.find("spinner") != std::string::npos);
}

TEST_CASE("an exception that leaves the root is handed back") {
    for (const run_mode mode : {run_mode::virtual_time, run_mode::real}) {
        const run_outcome done = run({.mode = mode}, [] {
            const fiber other = spawn("other", [] { sleep_for(1ms); });
            throw std::out_of_range("from the root");
        });
        REQUIRE(done.how == run_outcome::kind::exception);
        CHECK_THROWS_WITH_AS(std::rethrow_exception(done.error), "from the root", std::out_of_range);
    }
}

TEST_CASE("join rethrows what left the fiber; nobody joining is an exception of the run") {
    in_both_modes(20, [] {
        fiber failing = spawn("failing", [] { throw std::runtime_error("from a fiber"); });
        REQUIRE_THROWS_WITH_AS(failing.join(), "from a fiber", std::runtime_error);
        REQUIRE(!failing.joinable());
        REQUIRE_THROWS_AS(failing.join(), std::logic_error);
    });
    const run_outcome done =
        run({}, [] { const fiber failing = spawn("failing", [] { throw std::runtime_error("x"); }); });
    REQUIRE(done.how == run_outcome::kind::exception);
    CHECK(done.message.find("failing") != std::string::npos);
}

TEST_CASE("exception state belongs to the fiber: a switch inside catch changes nothing") {
    in_both_modes(100, [] {
        task_group group;
        for (int i = 0; i < 3; ++i) {
            group.go({"catcher", i}, [i] {
                const std::string mine = "of fiber " + std::to_string(i);
                for (int k = 0; k < 3; ++k) {
                    try {
                        throw std::runtime_error(mine);
                    } catch (const std::exception&) {
                        yield();
                        try {
                            throw;
                        } catch (const std::exception& again) {
                            REQUIRE(again.what() == mine);
                        }
                        sleep_for(1us);
                    }
                }
                REQUIRE(std::uncaught_exceptions() == 0);
            });
        }
        REQUIRE(group.wait());
    });
}

TEST_CASE("the end of a run unwinds every stack, youngest first") {
    struct tracer {
        std::vector<std::string>& log;
        std::string who;
        ~tracer() { log.push_back(who); }
    };
    for (const run_mode mode : {run_mode::virtual_time, run_mode::real}) {
        std::vector<std::string> log;
        const run_outcome done = run({.mode = mode}, [&] {
            const tracer root{log, "root"};
            channel<int> never_sent{"never sent"};
            const fiber child = spawn("child", [&] {
                const tracer mine{log, "child"};
                const fiber grandchild = spawn("grandchild", [&] {
                    const tracer deep{log, "grandchild"};
                    try {
                        (void)never_sent.pop();
                    } catch (const std::exception&) {
                        log.emplace_back("swallowed");
                    }
                });
                (void)never_sent.pop();
            });
            (void)never_sent.pop();
        });
        REQUIRE(done.how == run_outcome::kind::deadlock);
        CHECK(log == std::vector<std::string>{"grandchild", "child", "root"});
    }
}

TEST_CASE("a handler for everything can't keep a run alive") {
    const run_outcome done = run({}, [] {
        channel<int> never_sent{"never sent"};
        for (int i = 0; i < 3; ++i) {
            try {
                (void)never_sent.pop();
            } catch (...) {
                continue;
            }
        }
    });
    CHECK(done.how == run_outcome::kind::deadlock);
}

TEST_CASE("an interrupt fires the run's token with the signal's name") {
    for (const run_mode mode : {run_mode::virtual_time, run_mode::real}) {
        const run_outcome done = run({.mode = mode}, [] {
            request_interrupt(SIGTERM);
            run_stop().wait();
            CHECK(run_stop().cause() == "SIGTERM");
        });
        CHECK(done.how == run_outcome::kind::completed);
        CHECK(done.interrupted_by == SIGTERM);
    }
}

TEST_CASE("an interrupt reaches a virtual run that never waits") {
    const run_outcome done = run({.max_steps_at_once = 1'000'000}, [] {
        request_interrupt(SIGINT);
        while (!run_stop().stop_requested()) {
            yield();
        }
    });
    CHECK(done.how == run_outcome::kind::completed);
    CHECK(done.interrupted_by == SIGINT);
}

TEST_CASE("runs do not nest, and the seam is only there inside one") {
    CHECK_THROWS_AS(sleep_for(1ms), std::logic_error);
    CHECK_THROWS_AS(spawn("outside", [] {}).detach(), std::logic_error);
    const run_outcome done = run({}, [] { CHECK_THROWS_AS(run({}, [] {}), std::logic_error); });
    CHECK(done.how == run_outcome::kind::completed);
}

TEST_CASE("events tell who did what to which object, and when") {
    recorder all;
    run({.sink = &all}, [] {
        channel<int> numbers{"numbers"};
        const fiber producer = spawn("producer", [&] {
            sleep_for(2ms);
            emit("prepare", "a value", {{"size", std::int64_t{1}}}, "one is enough");
            (void)numbers.push(1);
        });
        (void)numbers.pop();
    });
    bool parked = false;
    bool prepared = false;
    for (const event& e : all.events) {
        parked =
            parked || (e.what == "park" && e.fiber == 0 && e.fiber_name.str() == "main" && e.object.str() == "numbers");
        if (e.what == "prepare") {
            prepared = true;
            CHECK(e.at == 2ms);
            CHECK(e.fiber_name.str() == "producer");
            CHECK(e.detail == event::level::story);
            CHECK(std::get<std::int64_t>(e.fields.at(0).value) == 1);
        }
    }
    CHECK(parked);
    CHECK(prepared);
}

TEST_CASE("a hundred thousand fibers at once, and their stacks are used again") {
    const run_outcome done = run({.mode = run_mode::real}, [] {
        int ended = 0;
        for (int round = 0; round < 2; ++round) {
            std::vector<fiber> all;
            all.reserve(50'000);
            for (int i = 0; i < 50'000; ++i) {
                all.push_back(spawn("one", [&] { ++ended; }));
            }
            for (fiber& one : all) {
                one.join();
            }
        }
        CHECK(ended == 100'000);
    });
    CHECK(done.how == run_outcome::kind::completed);
    CHECK(done.unguarded_stacks == 0);
}

TEST_CASE("more parked fibers than there can be guard pages still run, and are counted") {
    const run_outcome done = run({.mode = run_mode::real, .stack_bytes = 16 * 1024}, [] {
        channel<int> gate{"gate"};
        task_group group;
        for (int i = 0; i < 40'000; ++i) {
            group.go("one", [&] { (void)gate.pop(); });
        }
        yield();
        gate.close();
        REQUIRE(group.wait());
    });
    CHECK(done.how == run_outcome::kind::completed);
    CHECK(done.fibers == 40'001);
    CHECK(done.unguarded_stacks > 0);
    CHECK(done.unguarded_stacks < 40'000);
}
