#include "patterns/bridge/order.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace {

using namespace fiberlab;
using namespace std::chrono_literals;

constexpr time_point start{};

TEST_CASE("order finds nothing wrong with streams that are drained one after another, empty ones included") {
    demo::order watch;
    watch.ready(1, 1);
    watch.ready(3, 1);
    watch.ended(1, start);
    watch.ended(2, start);
    watch.passed(1, 1, start, 1, start);
    watch.passed(3, 1, start, 1, start);
    CHECK(watch.violations() == 0);
    CHECK(watch.head() == 3);
    CHECK(watch.out() == 2);
    CHECK(watch.most_waiting() == 2);
}

TEST_CASE("order names a stream that was left before it was drained") {
    demo::order watch;
    watch.ready(1, 1);
    watch.ready(2, 1);
    watch.ended(1, start);
    watch.passed(2, 1, start, 1, start);
    CHECK(watch.first_violation() == "value 1 of stream 2 came before stream 1 was drained");
    watch.passed(1, 1, start, 1, start);
    CHECK(watch.violations() == 2);
}

TEST_CASE("order names a stream that was left before it ended") {
    demo::order watch;
    watch.ready(2, 1);
    watch.passed(2, 1, start, 1, start);
    CHECK(watch.first_violation() == "value 1 of stream 2 came before stream 1 was drained");
}

TEST_CASE("order names values that are skipped or swapped within a stream") {
    demo::order watch;
    watch.passed(1, 2, start, 1, start);
    CHECK(watch.first_violation() == "value 2 of stream 1 came as number 1");
    watch.passed(1, 1, start, 1, start);
    CHECK(watch.violations() == 2);
}

TEST_CASE("order tells the wait behind the head from the rest of the wait") {
    demo::order watch;
    watch.ready(1, 1);
    watch.ready(2, 1);
    watch.passed(1, 1, start, 1, start + 4ms);
    watch.ended(1, start + 6ms);
    const auto early = watch.passed(2, 1, start + 1ms, 1, start + 9ms);
    CHECK(early.waited == 8ms);
    CHECK(early.behind == 5ms);
    watch.ready(2, 1);
    const auto late = watch.passed(2, 2, start + 7ms, 1, start + 9ms);
    CHECK(late.waited == 2ms);
    CHECK(late.behind == 0ms);
}

TEST_CASE("a head that has ended is the head until its last value is out") {
    demo::order watch;
    watch.ready(1, 1);
    watch.ended(1, start);
    watch.ready(2, 1);
    watch.passed(1, 1, start, 1, start + 6ms);
    CHECK(watch.passed(2, 1, start + 1ms, 1, start + 9ms).behind == 5ms);
}

}  // namespace
