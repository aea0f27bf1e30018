#include <doctest/doctest.h>

#include <limits>

#include "patterns/demo/parameters.hpp"

namespace fiberlab::demo {

using namespace std::chrono_literals;

TEST_CASE("a duration is read with its unit") {
    CHECK(parse_duration("250ms") == 250ms);
    CHECK(parse_duration("5s") == 5s);
    CHECK(parse_duration("1m") == 1min);
    CHECK(parse_duration("2min") == 2min);
    CHECK(parse_duration("3h") == 3h);
    CHECK(parse_duration("1d") == 24h);
    CHECK(parse_duration("10us") == 10us);
    CHECK(parse_duration("10µs") == 10us);
    CHECK(parse_duration("7ns") == 7ns);
    CHECK(parse_duration("0") == 0ns);
}

TEST_CASE("a duration may have several parts and a fraction, exactly") {
    CHECK(parse_duration("1m30s") == 90s);
    CHECK(parse_duration("1h2m3s4ms") == 1h + 2min + 3s + 4ms);
    CHECK(parse_duration("2.5s") == 2500ms);
    CHECK(parse_duration("0.000000001s") == 1ns);
    CHECK(parse_duration(".5ms") == 500us);
    CHECK(parse_duration("106751d") == 106751 * 24h);
}

TEST_CASE("what is no duration is refused with what to write instead") {
    for (const char* wrong : {"", "5", "ms", "-5s", "5x", "5 s", "1.2.3s", "1e3s", "5s ", "infs", "0.1ns",
                              "9999999999999999999s", "106752d", "106751d86400s"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(parse_duration(wrong), usage_error);
    }
    CHECK_THROWS_WITH(parse_duration("5"), "'5' has no unit: write 250ms, 5s or 1m30s");
    CHECK_THROWS_WITH(parse_duration("5x"), "'5x' has no known unit: write 250ms, 5s or 1m30s");
}

TEST_CASE("a count is read with its suffix") {
    CHECK(parse_count("0") == 0);
    CHECK(parse_count("500") == 500);
    CHECK(parse_count("10k") == 10'000);
    CHECK(parse_count("10K") == 10'000);
    CHECK(parse_count("2M") == 2'000'000);
    CHECK(parse_count("1.5M") == 1'500'000);
    CHECK(parse_count("3G") == 3'000'000'000);
    CHECK(parse_count("-3") == -3);
    CHECK(parse_count("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("what is no whole number is refused") {
    for (const char* wrong :
         {"", "k", "1.5", "1.0005k", "ten", "1e3", "0x10", "5kk", "--5", "9223372036854775808", "99999999999G"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(parse_count(wrong), usage_error);
    }
}

TEST_CASE("a ratio is a number or a percentage") {
    CHECK(parse_ratio("0.05") == doctest::Approx(0.05));
    CHECK(parse_ratio("5%") == doctest::Approx(0.05));
    CHECK(parse_ratio("1") == doctest::Approx(1));
    for (const char* wrong : {"", "%", "nan", "inf", "0.5x", "five", " 1"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(parse_ratio(wrong), usage_error);
    }
}

}  // namespace fiberlab::demo
