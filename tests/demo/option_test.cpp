#include "patterns/demo/option.hpp"

#include <doctest/doctest.h>

#include "patterns/demo/parameters.hpp"

namespace fiberlab::demo {

TEST_CASE("the shared options have the names that every command uses") {
    CHECK(items("1").name == "items");
    CHECK(workers("1").name == "workers");
    CHECK(capacity("1").name == "capacity");
    CHECK(run_for("1s").name == "duration");
    CHECK(variant().name == "variant");
    CHECK(input().name == "input");
}

TEST_CASE("the shared options refuse what makes no sense") {
    parameters options{{items("1"), workers("1"), capacity("0"), run_for("1s"), variant()}};
    CHECK_THROWS_AS(options.set("items", "0"), usage_error);
    CHECK_THROWS_AS(options.set("workers", "0"), usage_error);
    CHECK_THROWS_AS(options.set("capacity", "-1"), usage_error);
    CHECK_THROWS_AS(options.set("duration", "0"), usage_error);
    CHECK_THROWS_AS(options.set("variant", "unknown"), usage_error);
    CHECK_NOTHROW(options.set("capacity", "0"));
}

TEST_CASE("the fixed variant is the default, the defects follow in their order") {
    const option made = variant({"as-written", "late-close"});
    CHECK(made.initial == "fixed");
    CHECK(made.choices == std::vector<std::string>{"fixed", "as-written", "late-close"});
}

}  // namespace fiberlab::demo
