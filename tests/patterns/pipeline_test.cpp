#include "patterns/pipeline/pipeline.hpp"

#include <doctest/doctest.h>

#include <numeric>
#include <vector>

#include "patterns/core/boost_channel.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/pipeline/pipeline_as_written.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 100;

// A source of 1, 2, 3, …, a stage that doubles, and a sink, over links of our own.
struct doubling {
    std::size_t capacity = 2;
    int items = 20;
    int take = 0;
    int fail_at = 0;
    int stop_after = 0;
    bool drop = false;

    pipeline::meter read{};
    pipeline::meter twice{};
    pipeline::meter store{};
    std::vector<int> arrived{};
    std::size_t left_inside = 0;
    std::size_t fullest = 0;
    outcome ended{};

    run_outcome run(std::uint64_t seed) {
        return fiberlab::run({.mode = run_mode::virtual_time, .seed = seed}, [this] {
            const stop_source stop{"source"};
            const stop_token drop_token = drop ? stop.token() : stop_token{};
            pipeline::link<int> numbers{"numbers", capacity, drop_token};
            pipeline::link<int> doubled{"doubled", capacity, drop_token};
            int next = 0;
            task_group group;
            group.go("read", [&] {
                pipeline::run_source(
                    numbers, [&] { return next < items ? std::optional{++next} : std::nullopt; }, stop.token(), read);
            });
            group.go("twice", [&] {
                return pipeline::run_stage(
                    numbers, doubled,
                    [&](int n) -> std::expected<int, error> {
                        sleep_for(draw(1ms, 3ms));
                        if (n == fail_at) {
                            return failure("can't double it");
                        }
                        return 2 * n;
                    },
                    twice);
            });
            group.go("store", [&] {
                return pipeline::run_sink(
                    doubled,
                    [&](int n) -> std::expected<bool, error> {
                        arrived.push_back(n);
                        if (static_cast<int>(arrived.size()) == stop_after) {
                            stop.request_stop();
                        }
                        return static_cast<int>(arrived.size()) != take;
                    },
                    store);
            });
            ended = group.wait();
            left_inside = numbers.size() + doubled.size();
            fullest = std::max(numbers.fullest(), doubled.fullest());
        });
    }

    std::uint64_t lost() const { return read.lost + twice.lost + store.lost + left_inside; }
};

std::vector<int> doubles_up_to(std::size_t n) {
    std::vector<int> expected(n);
    for (std::size_t i = 0; i < n; ++i) {
        expected[i] = 2 * (static_cast<int>(i) + 1);
    }
    return expected;
}

}  // namespace

TEST_CASE("values arrive in order, whatever the capacity and the schedule") {
    for (const std::size_t capacity : {0U, 1U, 3U, 100U}) {
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
            doubling p{.capacity = capacity};
            const run_outcome done = p.run(seed);
            REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
            REQUIRE(p.ended);
            REQUIRE(p.arrived == doubles_up_to(20));
            REQUIRE(p.lost() == 0);
            REQUIRE(p.fullest <= capacity);
        }
    }
}

TEST_CASE("a failing stage ends all before it, and what has passed it still arrives") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        doubling p{.fail_at = 7};
        const run_outcome done = p.run(seed);
        REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
        REQUIRE(!p.ended);
        REQUIRE(p.ended.error().message == "can't double it");
        REQUIRE(p.arrived == doubles_up_to(6));
        REQUIRE(p.read.out + p.read.lost == p.arrived.size() + p.lost());
    }
}

TEST_CASE("a consumer that leaves early leaves nobody blocked") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        doubling p{.take = 5};
        const run_outcome done = p.run(seed);
        REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
        REQUIRE(p.arrived == doubles_up_to(5));
        REQUIRE(p.read.out + p.read.lost == p.arrived.size() + p.lost());
        REQUIRE(p.read.out < 20);
    }
}

TEST_CASE("a stop that drains loses nothing that was read") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        doubling p{.stop_after = 4};
        const run_outcome done = p.run(seed);
        REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
        REQUIRE(p.arrived == doubles_up_to(p.read.out));
        REQUIRE(p.read.out < 20);
        REQUIRE(p.left_inside == 0);
        REQUIRE(p.lost() == 0);
    }
}

TEST_CASE("a stop that drops returns at once and accounts for what it lost") {
    bool something_was_dropped = false;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        doubling p{.stop_after = 4, .drop = true};
        const run_outcome done = p.run(seed);
        REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
        REQUIRE(p.read.out + p.read.lost == p.arrived.size() + p.lost());
        something_was_dropped = something_was_dropped || p.lost() > 0;
    }
    CHECK(something_was_dropped);
}

TEST_CASE("an exception in a stage is the pipeline's error, and nobody stays blocked") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        outcome ended;
        const run_outcome done = fiberlab::run({.mode = run_mode::virtual_time, .seed = seed}, [&] {
            pipeline::link<int> a{"a", 1};
            pipeline::link<int> b{"b", 1};
            pipeline::meter m1;
            pipeline::meter m2;
            pipeline::meter m3;
            task_group group;
            group.go("read", [&] { pipeline::run_source(a, [] { return std::optional{1}; }, {}, m1); });
            group.go("throw", [&] {
                return pipeline::run_stage(
                    a, b, [](int) -> std::expected<int, error> { throw std::runtime_error("thrown in a stage"); }, m2);
            });
            group.go("sink",
                     [&] { return pipeline::run_sink(b, [](int) -> std::expected<bool, error> { return true; }, m3); });
            ended = group.wait();
        });
        REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
        REQUIRE(!ended);
        REQUIRE(ended.error().message == "thrown in a stage");
    }
}

TEST_CASE("a stage that expands emits any number of values, and a last word at the end") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        std::vector<int> arrived;
        const run_outcome done = fiberlab::run({.mode = run_mode::virtual_time, .seed = seed}, [&] {
            pipeline::link<int> a{"a", 1};
            pipeline::link<int> b{"b", 1};
            pipeline::meter m1;
            pipeline::meter m2;
            pipeline::meter m3;
            int next = 0;
            task_group group;
            group.go("read", [&] {
                pipeline::run_source(a, [&] { return next < 3 ? std::optional{++next} : std::nullopt; }, {}, m1);
            });
            group.go("repeat", [&] {
                return pipeline::run_expanding_stage(
                    a, b,
                    [](int n, const auto& emit) -> outcome {
                        for (int i = 0; i < n && emit(+n); ++i) {
                        }
                        return {};
                    },
                    [](const auto& emit) -> outcome {
                        emit(-1);
                        return {};
                    },
                    m2);
            });
            group.go("sink", [&] {
                return pipeline::run_sink(
                    b,
                    [&](int n) -> std::expected<bool, error> {
                        arrived.push_back(n);
                        return true;
                    },
                    m3);
            });
            REQUIRE(group.wait());
        });
        REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
        REQUIRE(arrived == std::vector{1, 2, 2, 3, 3, 3, -1});
    }
}

TEST_CASE("the version as written leaks every stage when the consumer leaves early") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const run_outcome done = fiberlab::run({.mode = run_mode::virtual_time, .seed = seed}, [] {
            const auto next = std::make_shared<int>(0);
            const auto numbers = pipeline::as_written::generate<int>("numbers", 1, [next]() -> std::optional<int> {
                return *next < 50 ? std::optional{++*next} : std::nullopt;
            });
            const auto doubled =
                pipeline::as_written::then<int, int>("doubled", 1, numbers, [](int n) { return 2 * n; });
            REQUIRE(doubled->pop().value() == 2);
            sleep_for(1s);
        });
        REQUIRE(done.how == run_outcome::kind::leak);
        REQUIRE(done.blocked.size() == 2);
        REQUIRE(done.blocked[0].waits_for == "push on numbers");
        REQUIRE(done.blocked[1].waits_for == "push on doubled");
    }
}

TEST_CASE("Boost's channels carry the same stages to completion in real time") {
    for (const std::size_t capacity : {0U, 1U, 4U}) {
        std::vector<int> arrived;
        const run_outcome done = fiberlab::run({.mode = run_mode::real}, [&] {
            boost_channel<int> numbers{"numbers", capacity};
            boost_channel<int> doubled{"doubled", capacity};
            pipeline::meter m1;
            pipeline::meter m2;
            pipeline::meter m3;
            int next = 0;
            task_group group;
            group.go("read", [&] {
                pipeline::run_source(
                    numbers, [&] { return next < 1000 ? std::optional{++next} : std::nullopt; }, {}, m1);
            });
            group.go("twice", [&] {
                return pipeline::run_stage(
                    numbers, doubled, [](int n) -> std::expected<int, error> { return 2 * n; }, m2);
            });
            group.go("store", [&] {
                return pipeline::run_sink(
                    doubled,
                    [&](int n) -> std::expected<bool, error> {
                        arrived.push_back(n);
                        return true;
                    },
                    m3);
            });
            REQUIRE(group.wait());
        });
        REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
        CHECK(arrived == doubles_up_to(1000));
    }
}
