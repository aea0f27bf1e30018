#include "patterns/core/semaphore.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/task_group.hpp"
#include "schedules.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;
using fiberlab::test::in_both_modes;
using fiberlab::test::under_schedules;

TEST_CASE("never more units are out than there are") {
    in_both_modes(200, [] {
        semaphore units{"units", 5};
        std::size_t out = 0;
        task_group group;
        for (int i = 0; i < 6; ++i) {
            group.go({"user", i}, [&, i] {
                const auto n = static_cast<std::size_t>(i % 3 + 1);
                for (int round = 0; round < 3; ++round) {
                    REQUIRE(units.acquire(n) == status::ok);
                    out += n;
                    REQUIRE(out <= 5);
                    yield();
                    out -= n;
                    units.release(n);
                }
            });
        }
        REQUIRE(group.wait());
        REQUIRE(units.available() == 5);
        REQUIRE(units.waiting() == 0);
    });
}

TEST_CASE("more than the size is refused at once") {
    under_schedules(5, [] {
        semaphore units{"units", 2};
        REQUIRE(units.acquire(3) == status::refused);
        REQUIRE(units.try_acquire(3) == status::refused);
        REQUIRE(units.acquire(2) == status::ok);
    });
}

TEST_CASE("a large request is not overtaken by small ones behind it") {
    under_schedules(100, [] {
        semaphore units{"units", 4};
        std::vector<int> order;
        REQUIRE(units.acquire(4) == status::ok);
        task_group group;
        for (const int n : {3, 1, 2}) {
            group.go({"wants", n}, [&, n] {
                sleep_for(n == 3 ? 1ms : n == 1 ? 2ms : 3ms);
                REQUIRE(units.acquire(static_cast<std::size_t>(n)) == status::ok);
                order.push_back(n);
            });
        }
        sleep_for(10ms);
        units.release(2);
        sleep_for(1ms);
        REQUIRE(order.empty());
        REQUIRE(units.try_acquire(1) == status::busy);
        units.release(1);
        sleep_for(1ms);
        REQUIRE(order == std::vector{3});
        units.release(1);
        sleep_for(1ms);
        REQUIRE(order == std::vector{3, 1});
        units.release(3);
        REQUIRE(group.wait());
        REQUIRE(order == std::vector{3, 1, 2});
    });
}

TEST_CASE("a waiter that gives up in the middle lets those behind it go on") {
    in_both_modes(100, [] {
        semaphore units{"units", 2};
        REQUIRE(units.acquire(1) == status::ok);
        bool small_one_ran = false;
        task_group group;
        group.go("large", [&] { REQUIRE(units.acquire(2, stop_token{}, after(2ms)) == status::timeout); });
        group.go("small", [&] {
            sleep_for(1ms);
            REQUIRE(units.acquire(1) == status::ok);
            small_one_ran = true;
        });
        REQUIRE(group.wait());
        REQUIRE(small_one_ran);
        REQUIRE(units.available() == 0);
    });
}

TEST_CASE("a stop and a release may race: nothing is lost and nothing appears") {
    under_schedules(500, [] {
        semaphore units{"units", 2};
        const stop_source stop;
        std::size_t held = 2;
        REQUIRE(units.acquire(2) == status::ok);
        task_group group;
        for (int i = 0; i < 2; ++i) {
            group.go({"waiter", i}, [&] { held += units.acquire(1, stop.token()) == status::ok ? 1 : 0; });
        }
        group.go("stopper", [&] { stop.request_stop(); });
        group.go("releaser", [&] {
            --held;
            units.release(1);
        });
        REQUIRE(group.wait());
        REQUIRE(units.available() + held == 2);
    });
}
