#include "apps/fiberlab/progress.hpp"

#include <doctest/doctest.h>

#include "apps/fiberlab/render/text.hpp"

namespace fiberlab::cli {

using namespace std::chrono_literals;

namespace {

std::string line_of(duration elapsed, std::optional<duration> planned, std::uint64_t done = 0, std::uint64_t total = 0,
                    demo::progress_unit unit = demo::progress_unit::items, std::size_t width = 80) {
    demo::progress_meter meter;
    meter.done = done;
    meter.total = total;
    meter.unit = unit;
    return progress_line("tee", elapsed, planned, meter, width);
}

}  // namespace

TEST_CASE("a run of planned length says how long it has to go") {
    CHECK(line_of(2s, 5s) == "tee  2 s of 5 s  ━━━━━━━━━━━━──────────────────  3 s to go");
    CHECK(line_of(2123456us, 5s).ends_with("  2.8 s to go"));
    CHECK(line_of(7s, 5s).ends_with("━  0 to go"));
}

TEST_CASE("a run that counts says how far it is, and how long the rest will take at this pace") {
    CHECK(line_of(2s, std::nullopt, 250, 1000).starts_with("tee  250 of 1,000 items  ━━━━━━━───"));
    CHECK(line_of(2s, std::nullopt, 250, 1000).ends_with("  6 s to go"));
    CHECK(line_of(1s, 5s, 1 << 20, 4 << 20, demo::progress_unit::bytes).starts_with("tee  1.0 MiB of 4.0 MiB  "));
    CHECK_FALSE(line_of(1s, std::nullopt, 0, 1000).ends_with("to go"));
}

TEST_CASE("a run that knows no end says how long it has gone on") {
    CHECK(line_of(61s, std::nullopt) == "tee  1 min 1 s");
    CHECK(line_of(2s, std::nullopt, 1234) == "tee  2 s, 1,234 items");
}

TEST_CASE("the line fits the terminal, without a bar if need be") {
    for (const std::size_t width : {40, 50, 60, 200}) {
        CHECK(render::columns(line_of(2s, 5s, 123456789, 987654321, demo::progress_unit::items, width)) < width + 10);
    }
    CHECK(line_of(2s, 5s, 0, 0, demo::progress_unit::items, 30) == "tee  2 s of 5 s  3 s to go");
}

}  // namespace fiberlab::cli
