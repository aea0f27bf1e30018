#include "patterns/core/task_group.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "patterns/core/channel.hpp"
#include "schedules.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;
using fiberlab::test::in_both_modes;
using fiberlab::test::under_schedules;

TEST_CASE("wait joins every task") {
    in_both_modes(50, [] {
        int ended = 0;
        task_group group;
        for (int i = 0; i < 10; ++i) {
            group.go({"task", i}, [&] {
                sleep_for(draw(0us, 100us));
                ++ended;
            });
        }
        REQUIRE(group.wait());
        REQUIRE(ended == 10);
    });
}

TEST_CASE("the first error stops the rest and is the one that wait returns") {
    under_schedules(100, [] {
        task_group group;
        int stopped = 0;
        for (int i = 0; i < 3; ++i) {
            group.go({"waiter", i}, [&](const stop_token& stop) {
                stop.wait();
                stopped += stop.cause() == "no luck" ? 1 : 0;
            });
        }
        group.go("failing", []() -> outcome {
            sleep_for(1ms);
            return failure("no luck");
        });
        group.go("failing later", []() -> outcome {
            sleep_for(2ms);
            return failure("too late");
        });
        const outcome done = group.wait();
        REQUIRE(!done);
        REQUIRE(done.error().message == "no luck");
        REQUIRE(group.later_errors() == 1);
        REQUIRE(stopped == 3);
    });
}

TEST_CASE("an exception that leaves a task is that task's error") {
    in_both_modes(20, [] {
        task_group group;
        group.go("throwing", [] { throw std::runtime_error("thrown"); });
        const outcome done = group.wait();
        REQUIRE(!done);
        REQUIRE(done.error().message == "thrown");
        REQUIRE_THROWS_AS(std::rethrow_exception(done.error().cause), std::runtime_error);
    });
}

TEST_CASE("no more tasks run at once than the limit allows") {
    under_schedules(100, [] {
        int running = 0;
        int most = 0;
        task_group group;
        group.set_limit(3);
        for (int i = 0; i < 10; ++i) {
            group.go({"task", i}, [&] {
                most = std::max(most, ++running);
                sleep_for(draw(1us, 9us));
                --running;
            });
        }
        REQUIRE(group.wait());
        REQUIRE(most == 3);
    });
}

TEST_CASE("try_go refuses at the limit instead of waiting") {
    under_schedules(20, [] {
        task_group group;
        group.set_limit(1);
        REQUIRE(group.try_go("first", [](const stop_token& stop) { stop.wait(); }));
        REQUIRE(!group.try_go("second", [] {}));
        group.stop().request_stop();
        REQUIRE(group.wait());
        REQUIRE(group.try_go("third", [] {}));
        REQUIRE(group.wait());
    });
}

TEST_CASE("a group that goes stops its tasks and waits for them") {
    under_schedules(100, [] {
        bool ended = false;
        {
            task_group group;
            group.go("endless", [&](const stop_token& stop) {
                stop.wait();
                sleep_for(1ms);
                ended = true;
            });
        }
        REQUIRE(ended);
    });
}

TEST_CASE("a task may still fail while its group goes") {
    under_schedules(100, [] {
        task_group group;
        group.go("failing late", [](const stop_token& stop) -> outcome {
            stop.wait();
            return failure("an error that is long enough to be kept on the heap, and that nobody asks for");
        });
    });
}

TEST_CASE("a nested group stops with its parent, and its error is the parent's task's") {
    under_schedules(100, [] {
        task_group outer;
        outer.go("inner", [](const stop_token& stop) -> outcome {
            task_group inner{stop};
            inner.go("deep", [](const stop_token& deep) { deep.wait(); });
            inner.go("failing", []() -> outcome { return failure("from deep inside"); });
            return inner.wait();
        });
        outer.go("bystander", [](const stop_token& stop) { stop.wait(); });
        REQUIRE(outer.wait().error().message == "from deep inside");
    });
}

TEST_CASE("a stop of the parent token reaches the tasks") {
    under_schedules(50, [] {
        const stop_source request;
        task_group group{request.token()};
        group.go("task", [](const stop_token& stop) { stop.wait(); });
        request.request_stop("gone");
        REQUIRE(group.wait());
    });
}
