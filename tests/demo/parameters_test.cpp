#include <doctest/doctest.h>

#include "patterns/demo/parameters.hpp"

namespace fiberlab::demo {

using namespace std::chrono_literals;

namespace {

std::vector<option> table() {
    return {
        items("10"),
        capacity("4"),
        variant({"as-written", "torn"}),
        input(),
        option{.name = "hold", .type = option_type::duration, .initial = "5ms", .min = 1'000'000, .max = 1'000'000'000},
        option{.name = "loss", .type = option_type::ratio, .initial = "5%", .max = 1},
        option{.name = "always", .type = option_type::flag},
        option{.name = "stage", .type = option_type::text, .repeated = true},
        option{.name = "url", .environment = "FIBERLAB_LOCK_URL"}};
}

}  // namespace

TEST_CASE("without a word from the user every option has its default") {
    const parameters options{table()};
    CHECK(options.count("items") == 10);
    CHECK(options.duration("hold") == 5ms);
    CHECK(options.ratio("loss") == doctest::Approx(0.05));
    CHECK_FALSE(options.flag("always"));
    CHECK(options.text("variant") == "fixed");
    CHECK(options.text("input").empty());
    CHECK(options.list("stage").empty());
    CHECK_FALSE(options.given("items"));
    CHECK(options.has_value("items"));
    CHECK_FALSE(options.has_value("input"));
}

TEST_CASE("what the user sets replaces the default, and the last word counts") {
    parameters options{table()};
    options.set("items", "2k");
    options.set("items", "3k");
    options.set("always", "true");
    CHECK(options.count("items") == 3000);
    CHECK(options.given("items"));
    CHECK(options.flag("always"));
    options.set("always", "no");
    CHECK_FALSE(options.flag("always"));
}

TEST_CASE("a repeated option keeps all its values in order") {
    parameters options{table()};
    options.set("stage", "upper");
    options.set("stage", "match:x");
    CHECK(options.list("stage") == std::vector<std::string>{"upper", "match:x"});
}

TEST_CASE("the user's first value of a repeated option replaces its default") {
    parameters options{{option{.name = "stage", .initial = "upper", .repeated = true}}};
    CHECK(options.list("stage") == std::vector<std::string>{"upper"});
    options.set("stage", "count");
    CHECK(options.list("stage") == std::vector<std::string>{"count"});
}

TEST_CASE("a bad value names the option, or the variable that it came from") {
    parameters options{table()};
    CHECK_THROWS_WITH_AS(options.set("items", "0"), "--items: 0 is below the least, 1", usage_error);
    CHECK_THROWS_WITH_AS(options.set("hold", "2s"), "--hold: 2s is above the most, 1s", usage_error);
    CHECK_THROWS_WITH_AS(options.set("hold", "10us"), "--hold: 10us is below the least, 1ms", usage_error);
    CHECK_THROWS_WITH_AS(options.set("loss", "101%"), "--loss: 101% is above the most, 1", usage_error);
    CHECK_THROWS_WITH_AS(options.set("variant", "fixd"), "--variant: 'fixd' is none of fixed, as-written, torn",
                         usage_error);
    CHECK_THROWS_WITH_AS(options.set("items", "x", "FIBERLAB_ITEMS"),
                         "FIBERLAB_ITEMS: 'x' is no whole number: write 500, 10k or 2M", usage_error);
    CHECK_THROWS_AS(options.set("always", "perhaps"), usage_error);
    CHECK_THROWS_AS(options.set("input", ""), usage_error);
}

TEST_CASE("a value that was refused leaves the old one in place") {
    parameters options{table()};
    options.set("items", "7");
    CHECK_THROWS_AS(options.set("items", "seven"), usage_error);
    CHECK(options.count("items") == 7);
}

TEST_CASE("a mistake in the table or in its use is found at once") {
    CHECK_THROWS_AS(parameters({items("none")}), std::logic_error);
    CHECK_THROWS_AS(parameters({items("0")}), std::logic_error);
    CHECK_THROWS_AS(parameters({items("1"), items("2")}), std::logic_error);
    const parameters options{table()};
    CHECK_THROWS_AS((void)options.count("itmes"), std::logic_error);
    CHECK_THROWS_AS((void)options.duration("items"), std::logic_error);
    CHECK_THROWS_AS((void)options.list("items"), std::logic_error);
}

TEST_CASE("an option's variable is its name, unless it has one of its own") {
    CHECK(environment_name(items("1")) == "FIBERLAB_ITEMS");
    CHECK(environment_name(option{.name = "lock-ttl"}) == "FIBERLAB_LOCK_TTL");
    CHECK(environment_name(table().back()) == "FIBERLAB_LOCK_URL");
}

}  // namespace fiberlab::demo
