#include "patterns/tee/tee.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "patterns/core/channel.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/task_group.hpp"
#include "patterns/tee/tee_as_written.hpp"

namespace {

using namespace fiberlab;
using namespace std::chrono_literals;
using numbers = std::vector<int>;

constexpr std::uint64_t many = 200;

numbers up_to(int n) {
    numbers all;
    for (int i = 1; i <= n; ++i) {
        all.push_back(i);
    }
    return all;
}

run_outcome in_virtual_time(std::uint64_t seed, std::move_only_function<void()> body) {
    return run({.mode = run_mode::virtual_time, .seed = seed}, std::move(body));
}

// A tee between a producer and two consumers; the test says what each of them does.
struct scene {
    explicit scene(std::size_t capacity = 0)
        : in{"in", capacity}, to_left{"to left", capacity}, to_right{"to right", capacity} {}

    void produce(int n, const stop_token& token = {}) {
        for (int i = 1; i <= n && in.push(i, token) == status::ok; ++i) {
            ++produced;
        }
        in.close();
    }
    static void consume(channel<int>& from, numbers& into, const std::function<void()>& work = {}) {
        for (const int value : from) {
            into.push_back(value);
            if (work) {
                work();
            }
        }
    }

    channel<int> in;
    channel<int> to_left;
    channel<int> to_right;
    stop_source stop;
    tee_result result;
    int produced = 0;
};

TEST_CASE("both sides have every value in order when the input closes") {
    for (const std::size_t capacity : {0U, 1U, 4U}) {
        for (std::uint64_t seed = 1; seed <= many; ++seed) {
            numbers left;
            numbers right;
            tee_result result;
            const run_outcome outcome = in_virtual_time(seed, [&] {
                scene s{capacity};
                task_group group;
                group.go("producer", [&] { s.produce(10); });
                group.go("left", [&] { scene::consume(s.to_left, left, [] { sleep_for(draw(0ns, 2ms)); }); });
                group.go("right", [&] { scene::consume(s.to_right, right, [] { sleep_for(draw(0ns, 2ms)); }); });
                result = tee(s.in, s.to_left, s.to_right, s.stop.token());
                CHECK(group.wait().has_value());
            });
            REQUIRE(outcome.how == run_outcome::kind::completed);
            REQUIRE(left == up_to(10));
            REQUIRE(right == up_to(10));
            REQUIRE(result.how == tee_end::drained);
            REQUIRE(result.values == 10);
        }
    }
}

TEST_CASE("either side may take a value first") {
    for (const bool left_is_quick : {true, false}) {
        bool quick_had_it_while_the_other_did_not = false;
        const run_outcome outcome = in_virtual_time(1, [&] {
            scene s;
            task_group group;
            channel<int>& quick = left_is_quick ? s.to_left : s.to_right;
            channel<int>& late = left_is_quick ? s.to_right : s.to_left;
            numbers seen;
            group.go("producer", [&] { s.produce(1); });
            group.go("tee", [&] { tee(s.in, s.to_left, s.to_right); });
            quick_had_it_while_the_other_did_not = quick.pop_until(clock::now() + 1ms).has_value();
            scene::consume(late, seen);
            quick_had_it_while_the_other_did_not = quick_had_it_while_the_other_did_not && seen == up_to(1);
            CHECK(group.wait().has_value());
        });
        CHECK(outcome.how == run_outcome::kind::completed);
        CHECK(quick_had_it_while_the_other_did_not);
    }
}

TEST_CASE("the next value is offered to nobody before both sides have this one") {
    for (std::uint64_t seed = 1; seed <= many; ++seed) {
        std::optional<int> second;
        std::optional<int> second_later;
        const run_outcome outcome = in_virtual_time(seed, [&] {
            scene s;
            task_group group;
            group.go("producer", [&] { s.produce(2); });
            group.go("tee", [&] { tee(s.in, s.to_left, s.to_right); });
            [[maybe_unused]] auto first = s.to_left.pop();
            if (auto early = s.to_left.pop_until(clock::now() + 1s)) {
                second = *early;
            }
            group.go("right", [&] { s.to_right.drain(); });
            if (auto late = s.to_left.pop_until(clock::now() + 1s)) {
                second_later = *late;
            }
            CHECK(group.wait().has_value());
        });
        REQUIRE(outcome.how == run_outcome::kind::completed);
        REQUIRE_FALSE(second.has_value());
        REQUIRE(second_later == 2);
    }
}

TEST_CASE("the slow side sets the pace of both") {
    std::vector<duration> taken_by_the_quick_side;
    const run_outcome outcome = in_virtual_time(1, [&] {
        scene s;
        task_group group;
        numbers ignored;
        group.go("producer", [&] { s.produce(5); });
        group.go("slow", [&] { scene::consume(s.to_right, ignored, [] { sleep_for(10ms); }); });
        group.go("tee", [&] { tee(s.in, s.to_left, s.to_right); });
        for ([[maybe_unused]] const int value : s.to_left) {
            taken_by_the_quick_side.push_back(clock::now().time_since_epoch());
        }
        CHECK(group.wait().has_value());
    });
    CHECK(outcome.how == run_outcome::kind::completed);
    // Value n + 1 is there once the slow side has taken value n, which it does every 10 ms.
    CHECK(taken_by_the_quick_side == std::vector<duration>{0ms, 0ms, 10ms, 20ms, 30ms});
}

TEST_CASE("after a stop no side has a value that the other misses") {
    for (const std::size_t capacity : {0U, 1U, 3U}) {
        for (std::uint64_t seed = 1; seed <= many; ++seed) {
            numbers left;
            numbers right;
            tee_result result;
            int produced = 0;
            const run_outcome outcome = in_virtual_time(seed, [&] {
                scene s{capacity};
                task_group group;
                group.go("producer", [&] { s.produce(1'000, s.stop.token()); });
                group.go("left", [&] { scene::consume(s.to_left, left, [] { sleep_for(draw(0ns, 1ms)); }); });
                group.go("right", [&] { scene::consume(s.to_right, right, [] { sleep_for(draw(0ns, 1ms)); }); });
                group.go("stop", [&] {
                    sleep_for(draw(0ns, 20ms));
                    s.stop.request_stop();
                });
                result = tee(s.in, s.to_left, s.to_right, s.stop.token());
                CHECK(group.wait().has_value());
                produced = s.produced;
            });
            REQUIRE(outcome.how == run_outcome::kind::completed);
            REQUIRE(left == right);
            REQUIRE(left == up_to(static_cast<int>(result.values)));
            REQUIRE(result.how == tee_end::stopped);
            // What is not passed on: the input's buffer and the value in hand.
            REQUIRE(produced - static_cast<int>(left.size()) <= static_cast<int>(capacity) + 1);
        }
    }
}

TEST_CASE("a stop that finds the value with nobody drops it, and the tee returns though nobody receives") {
    for (std::uint64_t seed = 1; seed <= many; ++seed) {
        tee_result result;
        const run_outcome outcome = in_virtual_time(seed, [&] {
            scene s;
            task_group group;
            group.go("producer", [&] { s.produce(3); });
            group.go("stop", [&] {
                sleep_for(1ms);
                s.stop.request_stop();
            });
            result = tee(s.in, s.to_left, s.to_right, s.stop.token());
            CHECK(group.wait().has_value());
        });
        REQUIRE(outcome.how == run_outcome::kind::completed);
        REQUIRE(result.how == tee_end::stopped);
        REQUIRE(result.values == 0);
    }
}

TEST_CASE("a stop ends the wait for an input that says nothing") {
    for (std::uint64_t seed = 1; seed <= many; ++seed) {
        tee_result result;
        const run_outcome outcome = in_virtual_time(seed, [&] {
            scene s;
            task_group group;
            group.go("stop", [&] {
                sleep_for(1ms);
                s.stop.request_stop();
            });
            result = tee(s.in, s.to_left, s.to_right, s.stop.token());
            CHECK(group.wait().has_value());
        });
        REQUIRE(outcome.how == run_outcome::kind::completed);
        REQUIRE(result.how == tee_end::stopped);
    }
}

TEST_CASE("a stop wins over an input that always has one more") {
    for (std::uint64_t seed = 1; seed <= many; ++seed) {
        std::size_t after_the_stop = 0;
        const run_outcome outcome = in_virtual_time(seed, [&] {
            const stop_source stop;
            channel<int> in{"in", 64};
            channel<int> to_left{"to left"};
            channel<int> to_right{"to right"};
            for (int i = 0; i < 64; ++i) {
                CHECK(in.try_push(i) == status::ok);
            }
            task_group group;
            group.go("right", [&] { to_right.drain(); });
            group.go("tee", [&] { tee(in, to_left, to_right, stop.token()); });
            CHECK(to_left.pop().has_value());
            stop.request_stop();
            after_the_stop = to_left.drain();
            CHECK(group.wait().has_value());
        });
        REQUIRE(outcome.how == run_outcome::kind::completed);
        REQUIRE(after_the_stop <= 1);
    }
}

TEST_CASE("a consumer that closes its channel leaves, and the other side gets everything") {
    for (const std::size_t capacity : {0U, 2U}) {
        for (std::uint64_t seed = 1; seed <= many; ++seed) {
            numbers right;
            tee_result result;
            const run_outcome outcome = in_virtual_time(seed, [&] {
                scene s{capacity};
                task_group group;
                group.go("producer", [&] { s.produce(10); });
                group.go("left", [&] {
                    for (int i = 0; i < 3; ++i) {
                        [[maybe_unused]] auto value = s.to_left.pop();
                    }
                    sleep_for(draw(0ns, 1ms));
                    s.to_left.close();
                });
                group.go("right", [&] { scene::consume(s.to_right, right, [] { sleep_for(draw(0ns, 1ms)); }); });
                result = tee(s.in, s.to_left, s.to_right);
                CHECK(group.wait().has_value());
            });
            REQUIRE(outcome.how == run_outcome::kind::completed);
            REQUIRE(right == up_to(10));
            REQUIRE(result.how == tee_end::drained);
        }
    }
}

TEST_CASE("consumers that leave at the stop leave nothing hanging") {
    for (std::uint64_t seed = 1; seed <= many; ++seed) {
        const run_outcome outcome = in_virtual_time(seed, [&] {
            scene s;
            task_group group;
            const auto impatient = [&](channel<int>& from) {
                while (from.pop(s.stop.token())) {
                    sleep_for(draw(0ns, 1ms));
                }
                from.close();
            };
            group.go("producer", [&] { s.produce(1'000); });
            group.go("left", [&] { impatient(s.to_left); });
            group.go("right", [&] { impatient(s.to_right); });
            group.go("tee", [&] { tee(s.in, s.to_left, s.to_right, s.stop.token()); });
            sleep_for(draw(0ns, 20ms));
            s.stop.request_stop();
            CHECK(group.wait().has_value());
        });
        REQUIRE(outcome.how == run_outcome::kind::completed);
    }
}

TEST_CASE("when both consumers have left the tee ends, and its producer learns it from a push") {
    for (std::uint64_t seed = 1; seed <= many; ++seed) {
        tee_result result;
        int produced = 0;
        const run_outcome outcome = in_virtual_time(seed, [&] {
            scene s;
            task_group group;
            group.go("producer", [&] { s.produce(1'000); });
            group.go("left", [&] {
                [[maybe_unused]] auto value = s.to_left.pop();
                s.to_left.close();
            });
            group.go("right", [&] { s.to_right.close(); });
            result = tee(s.in, s.to_left, s.to_right);
            CHECK(group.wait().has_value());
            produced = s.produced;
        });
        REQUIRE(outcome.how == run_outcome::kind::completed);
        REQUIRE(result.how == tee_end::abandoned);
        REQUIRE(produced <= 3);
    }
}

TEST_CASE("a producer that watches no token ends when the tee is stopped") {
    for (std::uint64_t seed = 1; seed <= many; ++seed) {
        const run_outcome outcome = in_virtual_time(seed, [&] {
            scene s;
            task_group group;
            group.go("producer", [&] { s.produce(1'000); });
            group.go("left", [&] { s.to_left.drain(); });
            group.go("right", [&] { s.to_right.drain(); });
            group.go("stop", [&] { s.stop.request_stop(); });
            tee(s.in, s.to_left, s.to_right, s.stop.token());
            CHECK(group.wait().has_value());
        });
        REQUIRE(outcome.how == run_outcome::kind::completed);
    }
}

// Can be moved but, today, not copied.
struct stubborn {
    stubborn() = default;
    stubborn(const stubborn& /*other*/) { throw std::runtime_error("can't be copied today"); }
    stubborn(stubborn&&) noexcept = default;
    stubborn& operator=(const stubborn&) = delete;
    stubborn& operator=(stubborn&&) noexcept = default;
    ~stubborn() = default;
};

TEST_CASE("a value whose copy throws ends the tee with that exception and closes all its channels") {
    std::string thrown;
    bool all_closed = false;
    const run_outcome outcome = in_virtual_time(1, [&] {
        channel<stubborn> in{"in", 1};
        channel<stubborn> left;
        channel<stubborn> right;
        CHECK(in.push(stubborn{}) == status::ok);
        try {
            tee(in, left, right);
        } catch (const std::runtime_error& error) {
            thrown = error.what();
        }
        all_closed = in.closed() && left.closed() && right.closed();
    });
    CHECK(outcome.how == run_outcome::kind::completed);
    CHECK(thrown == "can't be copied today");
    CHECK(all_closed);
}

TEST_CASE("the popular tee loses a value on one side after a stop") {
    for (std::uint64_t seed = 1; seed <= many; ++seed) {
        numbers left;
        numbers right;
        const run_outcome outcome = in_virtual_time(seed, [&] {
            scene s;
            task_group group;
            group.go("producer", [&] { s.produce(10, s.stop.token()); });
            group.go("left", [&] {
                scene::consume(s.to_left, left, [&] {
                    if (left.size() == 4) {
                        s.stop.request_stop();
                    }
                });
            });
            group.go("right", [&] { scene::consume(s.to_right, right, [] { sleep_for(1ms); }); });
            tee_as_written(s.in, s.to_left, s.to_right, s.stop.token());
            CHECK(group.wait().has_value());
        });
        REQUIRE(outcome.how == run_outcome::kind::completed);
        REQUIRE(left == up_to(4));
        REQUIRE(right == up_to(3));
    }
}

}  // namespace
