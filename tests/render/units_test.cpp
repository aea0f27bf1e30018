#include "apps/fiberlab/render/units.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace fiberlab::render {

using namespace std::chrono_literals;

TEST_CASE("a duration is told in the largest unit that leaves a number of at least one") {
    CHECK(human(0ns) == "0");
    CHECK(human(7ns) == "7 ns");
    CHECK(human(999ns) == "999 ns");
    CHECK(human(1us) == "1 µs");
    CHECK(human(1500ns) == "1.5 µs");
    CHECK(human(1'234'567ns) == "1.235 ms");
    CHECK(human(12'345'678ns) == "12.35 ms");
    CHECK(human(123'456'789ns) == "123.5 ms");
    CHECK(human(30s) == "30 s");
    CHECK(human(90s) == "1 min 30 s");
    CHECK(human(3h + 5min) == "3 h 5 min");
    CHECK(human(50h) == "2 d 2 h");
    CHECK(human(-1500ns) == "-1.5 µs");
}

TEST_CASE("rounding that reaches the next unit is told in that unit") {
    CHECK(human(999'949ns) == "999.9 µs");
    CHECK(human(999'950ns) == "1 ms");
    CHECK(human(999'999'999ns) == "1 s");
    CHECK(human(9'999'600ns) == "10 ms");
    CHECK(human(59'999'999'999ns) == "60 s");
}

TEST_CASE("in a column all digits are kept") {
    CHECK(human_fixed(1500us) == "1.500 ms");
    CHECK(human_fixed(15ms) == "15.00 ms");
    CHECK(human_fixed(150ms) == "150.0 ms");
}

TEST_CASE("no duration is too long to be told") {
    CHECK(human(duration::max()) == "106751 d 23 h");
    CHECK(human(duration::min()).starts_with("-106751 d"));
}

TEST_CASE("numbers are grouped by thousands") {
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1000) == "1,000");
    CHECK(grouped(1234567) == "1,234,567");
    CHECK(grouped(-1234) == "-1,234");
    CHECK(grouped(std::numeric_limits<std::int64_t>::min()) == "-9,223,372,036,854,775,808");
}

TEST_CASE("bytes are told in powers of 1024") {
    CHECK(human_bytes(0) == "0 B");
    CHECK(human_bytes(1023) == "1023 B");
    CHECK(human_bytes(1536) == "1.5 KiB");
    CHECK(human_bytes(3565158) == "3.4 MiB");
    CHECK(human_bytes(1024 * 1024 - 1) == "1.0 MiB");
}

TEST_CASE("a figure is told by the unit in its key") {
    CHECK(human_figure("held_ns", 1'500'000) == "1.5 ms");
    CHECK(human_figure("read_bytes", 2048) == "2.0 KiB");
    CHECK(human_figure("full_percent", 25) == "25 %");
    CHECK(human_figure("busy_permille", 984) == "98.4 %");
    CHECK(human_figure("acquired_per_s", 12345) == "12,345 /s");
    CHECK(human_figure("items_in", 12345) == "12,345");
}

TEST_CASE("a key is spoken without its unit") {
    CHECK(spoken("items_in") == "items in");
    CHECK(spoken("held_ns") == "held");
    CHECK(spoken("busy_permille") == "busy");
    CHECK(spoken("_ns") == " ns");
}

}  // namespace fiberlab::render
