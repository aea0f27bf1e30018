#include "locks/core/history.hpp"

#include <doctest/doctest.h>

#include <vector>

using fiberlab::locks::attempt;
using fiberlab::locks::attempt_end;
using fiberlab::locks::judge_exclusion;

namespace {

attempt held(std::uint32_t fiber, std::int64_t from, std::int64_t to, std::int64_t fence, std::uint32_t key = 0) {
    return {.process = 1,
            .fiber = fiber,
            .key = key,
            .end = attempt_end::held,
            .requested_ns = from - 1,
            .acquired_ns = from,
            .released_ns = to,
            .fence = fence};
}

}  // namespace

TEST_CASE("intervals that follow one another are mutual exclusion, in whatever order they are recorded") {
    const std::vector<attempt> history{held(2, 20, 30, 2), held(1, 10, 20, 1), held(3, 30, 31, 3)};
    const auto verdict = judge_exclusion(history);
    CHECK(verdict.acquisitions == 3);
    CHECK(verdict.overlaps == 0);
    CHECK(verdict.fence_faults == 0);
}

TEST_CASE("an entry before the holder has left is an overlap, and the report names both") {
    const std::vector<attempt> history{held(1, 1'000'000, 2'000'000, 1), held(2, 1'500'000, 1'800'000, 2)};
    const auto verdict = judge_exclusion(history);
    CHECK(verdict.overlaps == 1);
    CHECK(verdict.worst_overlap_ns == 300'000);
    CHECK(verdict.first_overlap.find("contender 2 entered key 0 at 0.500 ms") != std::string::npos);
    CHECK(verdict.first_overlap.find("contender 1 held it until 1.000 ms") != std::string::npos);
}

TEST_CASE("a long hold overlaps every entry until it ends, not only the next one") {
    const std::vector<attempt> history{held(1, 10, 100, 1), held(2, 20, 30, 2), held(3, 40, 50, 3),
                                       held(4, 100, 110, 4)};
    CHECK(judge_exclusion(history).overlaps == 2);
}

TEST_CASE("keys are judged apart") {
    const std::vector<attempt> history{held(1, 10, 20, 5, 0), held(2, 10, 20, 1, 1), held(3, 20, 30, 2, 1)};
    const auto verdict = judge_exclusion(history);
    CHECK(verdict.overlaps == 0);
    CHECK(verdict.fence_faults == 0);
}

TEST_CASE("a token that repeats or falls is a fence fault") {
    CHECK(judge_exclusion(std::vector{held(1, 10, 20, 7), held(2, 20, 30, 7)}).fence_faults == 1);
    CHECK(judge_exclusion(std::vector{held(1, 10, 20, 7), held(2, 20, 30, 6)}).fence_faults == 1);
}

TEST_CASE("failed attempts hold nothing, and a lost lease holds until its holder knew") {
    attempt failed = held(2, 12, 12, 0);
    failed.end = attempt_end::timeout;
    attempt lost = held(1, 10, 15, 1);
    lost.end = attempt_end::lost;
    CHECK(judge_exclusion(std::vector{lost, failed, held(3, 15, 20, 2)}).overlaps == 0);
    CHECK(judge_exclusion(std::vector{lost, failed, held(3, 14, 20, 2)}).overlaps == 1);
    CHECK(judge_exclusion(std::vector{lost, failed}).acquisitions == 1);
}
