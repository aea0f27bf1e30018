#include "patterns/core/timer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "patterns/core/runtime/random.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/runtime/timer_queue.hpp"
#include "patterns/core/task_group.hpp"
#include "schedules.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;
using fiberlab::test::under_schedules;

TEST_CASE("virtual time jumps: an hour takes no time, and sleepers wake in order") {
    under_schedules(20, [] {
        std::vector<int> order;
        task_group group;
        for (const int hours : {3, 1, 2}) {
            group.go({"sleeper", hours}, [&, hours] {
                sleep_for(std::chrono::hours{hours});
                order.push_back(hours);
            });
        }
        REQUIRE(group.wait());
        REQUIRE(order == std::vector{1, 2, 3});
        REQUIRE(clock::now().time_since_epoch() == 3h);
    });
}

TEST_CASE("real time passes at its own pace") {
    const run_outcome done = run({.mode = run_mode::real}, [] {
        const time_point before = clock::now();
        sleep_for(5ms);
        CHECK(clock::now() - before >= 5ms);
    });
    CHECK(done.how == run_outcome::kind::completed);
}

TEST_CASE("a ticker keeps the beat of the clock, and skips the beats that it missed") {
    under_schedules(10, [] {
        ticker every{10ms};
        std::vector<duration> beats;
        for (int i = 0; i < 3; ++i) {
            REQUIRE(every.wait() == status::ok);
            beats.push_back(clock::now().time_since_epoch());
            sleep_for(3ms);
        }
        REQUIRE(beats == std::vector<duration>{10ms, 20ms, 30ms});
        sleep_for(22ms);  // now 55 ms: the beats at 40 and 50 have passed
        REQUIRE(every.wait() == status::ok);
        REQUIRE(every.wait() == status::ok);
        REQUIRE(clock::now().time_since_epoch() == 60ms);
        REQUIRE(every.missed() == 1);
        const stop_source stop;
        stop.request_stop();
        REQUIRE(every.wait(stop.token()) == status::stopped);
    });
    CHECK_THROWS_AS(ticker{0ms}, std::invalid_argument);
}

TEST_CASE("the timer queue fires in order whatever is added and removed in between") {
    static std::vector<int> fired;
    struct numbered : timer_node {
        int number = 0;
    };
    splitmix64 random{42};
    for (int round = 0; round < 50; ++round) {
        fired.clear();
        timer_queue queue;
        std::vector<numbered> nodes(100);
        std::vector<int> expected;
        for (int i = 0; i < 100; ++i) {
            numbered& node = nodes[static_cast<std::size_t>(i)];
            node.number = i;
            node.at = time_point{duration{static_cast<std::int64_t>(random.below(20))}};
            node.fire = [](timer_node& due) noexcept { fired.push_back(static_cast<numbered&>(due).number); };
            queue.add(node);
        }
        for (numbered& node : nodes) {
            if (random.below(3) == 0) {
                queue.remove(node);
                queue.remove(node);
            } else {
                expected.push_back(node.number);
            }
        }
        std::ranges::stable_sort(expected, [&](int a, int b) {
            return nodes[static_cast<std::size_t>(a)].at < nodes[static_cast<std::size_t>(b)].at;
        });
        queue.fire_until(time_point{duration{100}});
        REQUIRE(fired == expected);
        REQUIRE(queue.empty());
    }
}
