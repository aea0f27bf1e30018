#include "apps/fiberlab/suggest.hpp"

#include <doctest/doctest.h>

namespace fiberlab::cli {

TEST_CASE("the distance counts insertions, deletions, replacements and swaps") {
    CHECK(typing_distance("", "") == 0);
    CHECK(typing_distance("tee", "tee") == 0);
    CHECK(typing_distance("te", "tee") == 1);
    CHECK(typing_distance("teee", "tee") == 1);
    CHECK(typing_distance("tea", "tee") == 1);
    CHECK(typing_distance("ete", "tee") == 1);
    CHECK(typing_distance("itmes", "items") == 1);
    CHECK(typing_distance("abc", "xyz") == 3);
    CHECK(typing_distance("", "abc") == 3);
}

TEST_CASE("the nearest candidate is suggested") {
    const std::vector<std::string> commands{"tee", "bridge", "pipeline", "heartbeat", "self-healing"};
    CHECK(closest("pipline", commands) == "pipeline");
    CHECK(closest("brigde", commands) == "bridge");
    CHECK(closest("heart", commands) == "heartbeat");
    CHECK(closest("selfhealing", commands) == "self-healing");
}

TEST_CASE("nothing is suggested when nothing is near") {
    const std::vector<std::string> commands{"tee", "bridge", "pipeline"};
    CHECK(closest("xyz", commands) == std::nullopt);
    CHECK(closest("q", commands) == std::nullopt);
    CHECK(closest("tee", {}) == std::nullopt);
}

TEST_CASE("a short word is not taken for any other short word") {
    CHECK(closest("a", {"b"}) == std::nullopt);
    CHECK(closest("ab", {"cd"}) == std::nullopt);
}

}  // namespace fiberlab::cli
