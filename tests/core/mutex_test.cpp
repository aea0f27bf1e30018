#include "patterns/core/mutex.hpp"

#include <doctest/doctest.h>

#include <mutex>
#include <set>
#include <vector>

#include "patterns/core/task_group.hpp"
#include "schedules.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;
using fiberlab::test::in_both_modes;
using fiberlab::test::under_schedules;

TEST_CASE("a mutex lets one in at a time") {
    in_both_modes(200, [] {
        mutex guard;
        int inside = 0;
        task_group group;
        for (int i = 0; i < 4; ++i) {
            group.go({"user", i}, [&] {
                for (int round = 0; round < 3; ++round) {
                    const std::lock_guard hold{guard};
                    REQUIRE(++inside == 1);
                    yield();
                    --inside;
                }
            });
        }
        REQUIRE(group.wait());
        REQUIRE(guard.waiting() == 0);
        REQUIRE(guard.holder() == nullptr);
    });
}

TEST_CASE("waiters are served in order in real time, and in more than one order in virtual time") {
    const auto order_of = [](const run_settings& settings) {
        std::vector<int> order;
        run(settings, [&] {
            mutex guard;
            guard.lock();
            task_group group;
            for (int i = 0; i < 4; ++i) {
                group.go({"waiter", i}, [&, i] {
                    sleep_for(i * 1ms);
                    const std::lock_guard hold{guard};
                    order.push_back(i);
                });
            }
            sleep_for(10ms);
            guard.unlock();
            [[maybe_unused]] const outcome done = group.wait();
        });
        return order;
    };
    CHECK(order_of({.mode = run_mode::real}) == std::vector{0, 1, 2, 3});
    std::set<std::vector<int>> orders;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        orders.insert(order_of({.seed = seed}));
    }
    CHECK(orders.size() > 5);
}

TEST_CASE("try_lock and lock_until do not take what is held") {
    in_both_modes(20, [] {
        mutex guard;
        guard.lock();
        const fiber other = spawn("other", [&] {
            REQUIRE(!guard.try_lock());
            REQUIRE(guard.lock_until(after(2ms)) == status::timeout);
            const stop_source stop;
            stop.request_stop();
            REQUIRE(guard.lock_until(never, stop.token()) == status::stopped);
        });
        sleep_for(5ms);
        REQUIRE(guard.waiting() == 0);
        guard.unlock();
        REQUIRE(guard.try_lock());
        guard.unlock();
    });
}

TEST_CASE("a deadlock names who waits for whom") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const run_outcome done = run({.seed = seed}, [] {
            mutex fork{"fork"};
            mutex knife{"knife"};
            const fiber ann = spawn("ann", [&] {
                const std::lock_guard first{fork};
                sleep_for(1ms);
                const std::lock_guard second{knife};
            });
            const fiber bob = spawn("bob", [&] {
                const std::lock_guard first{knife};
                sleep_for(1ms);
                const std::lock_guard second{fork};
            });
        });
        REQUIRE(done.how == run_outcome::kind::deadlock);
        REQUIRE(done.blocked.size() == 3);
        CHECK(done.blocked[1].fiber == "ann");
        CHECK(done.blocked[1].waits_for == "lock on knife");
        CHECK(done.blocked[1].held_by == "bob");
        CHECK(done.blocked[2].held_by == "ann");
        CHECK(done.message.find("bob waits for lock on fork (held by ann)") != std::string::npos);
    }
}

TEST_CASE("locking a mutex twice is a deadlock with oneself") {
    const run_outcome done = run({}, [] {
        mutex guard{"guard"};
        guard.lock();
        guard.lock();
    });
    REQUIRE(done.how == run_outcome::kind::deadlock);
    CHECK(done.blocked.at(0).held_by == "main");
}

TEST_CASE("no wake-up is lost between the look and the wait") {
    in_both_modes(500, [] {
        mutex guard;
        condition changed;
        int ready = 0;
        task_group group;
        for (int i = 0; i < 3; ++i) {
            group.go({"waiter", i}, [&] {
                const std::lock_guard hold{guard};
                changed.wait(guard, [&] { return ready > 0; });
                --ready;
            });
        }
        for (int i = 0; i < 3; ++i) {
            group.go({"signaller", i}, [&] {
                const std::lock_guard hold{guard};
                ++ready;
                changed.notify_one();
            });
        }
        REQUIRE(group.wait());
        REQUIRE(ready == 0);
    });
}

TEST_CASE("a lost wake-up is a deadlock on some schedule") {
    int lost = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const run_outcome done = run({.seed = seed}, [] {
            mutex guard;
            condition changed{"changed"};
            bool ready = false;
            const fiber waiter = spawn("waiter", [&] {
                if (!ready) {  // looked at without the mutex
                    yield();
                    const std::lock_guard hold{guard};
                    changed.wait(guard);
                }
            });
            yield();
            ready = true;
            changed.notify_one();
        });
        lost += done.how == run_outcome::kind::deadlock ? 1 : 0;
    }
    CHECK(lost > 0);
    CHECK(lost < 200);
}

TEST_CASE("a wait on a condition ends by deadline or stop, with the mutex held again") {
    in_both_modes(50, [] {
        mutex guard;
        condition never_signalled;
        const std::lock_guard hold{guard};
        REQUIRE(never_signalled.wait_until(guard, after(1ms)) == status::timeout);
        REQUIRE(guard.holder() != nullptr);
        const stop_source stop;
        const fiber stopper = spawn("stopper", [&] { stop.request_stop(); });
        REQUIRE(never_signalled.wait_until(guard, never, stop.token()) == status::stopped);
        REQUIRE(guard.holder() != nullptr);
    });
}

TEST_CASE("notify_all wakes everybody, notify_one one") {
    under_schedules(100, [] {
        mutex guard;
        condition changed;
        int woken = 0;
        task_group group;
        for (int i = 0; i < 4; ++i) {
            group.go({"waiter", i}, [&] {
                const std::lock_guard hold{guard};
                changed.wait(guard);
                ++woken;
            });
        }
        sleep_for(1ms);
        changed.notify_one();
        sleep_for(1ms);
        REQUIRE(woken == 1);
        changed.notify_all();
        REQUIRE(group.wait());
        REQUIRE(woken == 4);
    });
}
