#include "patterns/tee/lockstep.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>

namespace {

using namespace fiberlab;
using namespace std::chrono_literals;

TEST_CASE("lockstep matches what both sides took and tells how far apart") {
    demo::lockstep watch;
    const time_point start{};
    CHECK_FALSE(watch.took(demo::side::left, 1, start).has_value());
    CHECK(watch.took(demo::side::right, 1, start + 3ms) == 3ms);
    watch.settle();
    CHECK(watch.both() == 1);
    CHECK(watch.missed() == 0);
    CHECK(watch.furthest_ahead() == 1);
}

TEST_CASE("lockstep names the first value that one side misses, in the middle and at the end") {
    demo::lockstep watch;
    watch.took(demo::side::right, 1, {});
    watch.took(demo::side::left, 2, {});
    CHECK(watch.missed() == 1);
    CHECK(watch.first_missed() == "right has 1, which left misses");
    watch.settle();
    CHECK(watch.missed() == 2);
}

TEST_CASE("lockstep counts a value that comes twice or after a later one") {
    demo::lockstep watch;
    for (const std::uint64_t value : {1, 2, 2, 1}) {
        watch.took(demo::side::left, value, {});
    }
    CHECK(watch.out_of_order() == 2);
}

TEST_CASE("lockstep holds nothing against a side that has left") {
    demo::lockstep watch;
    watch.took(demo::side::right, 1, {});
    watch.leave(demo::side::left);
    watch.took(demo::side::right, 2, {});
    watch.settle();
    CHECK(watch.missed() == 0);
}

}  // namespace
