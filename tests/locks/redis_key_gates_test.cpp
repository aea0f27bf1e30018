#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "locks/redis/key_gates.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/task_group.hpp"

namespace fiberlab::locks::redis {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seeds = 100;

run_outcome in_virtual_time(std::uint64_t seed, std::move_only_function<void()> body) {
    return run({.mode = run_mode::virtual_time, .seed = seed}, std::move(body));
}

status end_of(const std::expected<key_gates::pass, status>& entered) {
    return entered ? status::ok : entered.error();
}

}  // namespace

TEST_CASE("one fiber at a time has a key, and a key that nobody uses leaves nothing") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        int inside = 0;
        int most = 0;
        int visits = 0;
        std::size_t left = 99;
        const run_outcome done = in_virtual_time(seed, [&] {
            key_gates gates;
            {
                task_group group;
                for (int i = 0; i < 4; ++i) {
                    group.go("visitor", [&] {
                        for (int round = 0; round < 3; ++round) {
                            auto pass = gates.enter("k", {});
                            most = std::max(most, ++inside);
                            yield();
                            --inside;
                            ++visits;
                        }
                    });
                }
                [[maybe_unused]] const outcome all = group.wait();
            }
            left = gates.size();
        });
        CAPTURE(seed);
        REQUIRE(done.how == run_outcome::kind::completed);
        REQUIRE(most == 1);
        REQUIRE(visits == 12);
        REQUIRE(left == 0);
    }
}

TEST_CASE("other keys are not in the way") {
    bool both = false;
    const run_outcome done = in_virtual_time(1, [&] {
        key_gates gates;
        const auto a = gates.enter("a", {});
        const auto b = gates.try_enter("b");
        both = a.has_value() && b.has_value() && gates.size() == 2;
    });
    CHECK(done.how == run_outcome::kind::completed);
    CHECK(both);
}

TEST_CASE("a waiter that gives up leaves the others in their order") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        std::vector<int> order;
        std::optional<status> second;
        std::optional<status> third;
        const run_outcome done = in_virtual_time(seed, [&] {
            key_gates gates;
            const stop_source stop;
            auto held = gates.enter("k", {});
            task_group group;
            group.go("second", [&] {
                sleep_for(1ms);
                second = end_of(gates.enter("k", {.deadline = after(5ms)}));
            });
            group.go("third", [&] {
                sleep_for(2ms);
                third = end_of(gates.enter("k", {.stop = stop.token()}));
            });
            for (int i = 4; i < 7; ++i) {
                group.go({"waiter", i}, [&, i] {
                    sleep_for(i * 1ms);
                    auto pass = gates.enter("k", {});
                    order.push_back(i);
                    sleep_for(1ms);
                });
            }
            sleep_for(10ms);
            stop.request_stop();
            held->leave();
            [[maybe_unused]] const outcome all = group.wait();
        });
        CAPTURE(seed);
        REQUIRE(done.how == run_outcome::kind::completed);
        REQUIRE(second == status::timeout);
        REQUIRE(third == status::stopped);
        REQUIRE(order == std::vector{4, 5, 6});
    }
}

TEST_CASE("a deadline that has passed lets in who finds nobody before it") {
    bool alone = false;
    std::optional<status> behind;
    std::optional<status> tried;
    const run_outcome done = in_virtual_time(1, [&] {
        sleep_for(5ms);
        key_gates gates;
        const auto first = gates.enter("k", {.deadline = time_point{}});
        alone = first.has_value();
        behind = end_of(gates.enter("k", {.deadline = time_point{}}));
        tried = end_of(gates.try_enter("k"));
    });
    CHECK(done.how == run_outcome::kind::completed);
    CHECK(alone);
    CHECK(behind == status::timeout);
    CHECK(tried == status::busy);
}

}  // namespace fiberlab::locks::redis
