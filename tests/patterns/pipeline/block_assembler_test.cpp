#include "patterns/pipeline/text/block_assembler.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "tests/patterns/pipeline/text_lab.hpp"

namespace fiberlab::pipeline_text {

namespace {

std::expected<bool, std::string> feed(block_assembler& lines, std::string_view text) {
    std::expected<bool, std::string> ready = false;
    while (!text.empty() && ready) {
        const auto room = lines.room();
        const std::size_t count = std::min(room.size(), text.size());
        std::ranges::copy(text.substr(0, count), room.begin());
        text.remove_prefix(count);
        ready = lines.commit(count);
    }
    return ready;
}

TEST_CASE("whatever the sizes of the reads, blocks hold whole lines and together the input") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        test::dice d{seed};
        const std::string input = test::random_text(d, 40, test::script::garbled);
        test::text_line nothing{{}, {.block_bytes = 1 + d.below(100), .line_bytes = 4096}};
        CHECK(nothing.run(input, &d) == input);

        block_assembler lines{{.block_bytes = 50, .line_bytes = 4096}};
        block b;
        for (std::string_view rest = input; !rest.empty();) {
            const auto count = std::min({lines.room().size(), rest.size(), 1 + d.below(20)});
            REQUIRE(feed(lines, rest.substr(0, count)));
            rest.remove_prefix(count);
            if (lines.take(b)) {
                CHECK(b.ends_with('\n'));
            }
        }
    }
}

TEST_CASE("what has come is there at once, without waiting for a full block") {
    block_assembler lines;
    CHECK(feed(lines, "one\ntwo\nthr") == true);
    block b;
    CHECK(lines.take(b));
    CHECK(b == "one\ntwo\n");
    CHECK_FALSE(lines.take(b));
    CHECK(b.empty());
    CHECK(feed(lines, "ee") == false);
    CHECK(feed(lines, "\n") == true);
    CHECK(lines.take(b));
    CHECK(b == "three\n");
    CHECK_FALSE(lines.finish(b));
}

TEST_CASE("at the end the unterminated line comes as it is") {
    block_assembler lines;
    block b{"old"};
    CHECK_FALSE(lines.finish(b));
    CHECK(b.empty());
    REQUIRE(feed(lines, "one\ntw"));
    CHECK(lines.finish(b));
    CHECK(b == "one\ntw");
    CHECK_FALSE(lines.finish(b));
}

TEST_CASE("a line longer than a block grows the buffer, up to the limit") {
    constexpr block_limits limits{.block_bytes = 64, .line_bytes = 1000};
    block b;
    SUBCASE("a line of the greatest length passes, with its newline") {
        block_assembler lines{limits};
        REQUIRE(feed(lines, std::string(1000, 'x') + "\n") == true);
        REQUIRE(lines.take(b));
        CHECK(b == std::string(1000, 'x') + "\n");
    }
    SUBCASE("and without") {
        block_assembler lines{limits};
        REQUIRE(feed(lines, std::string(1000, 'x')) == false);
        REQUIRE(lines.finish(b));
        CHECK(b.size() == 1000);
    }
    SUBCASE("one byte more is an error that says what to do") {
        block_assembler lines{limits};
        const auto refused = feed(lines, std::string(1001, 'x'));
        REQUIRE_FALSE(refused);
        CHECK(refused.error() ==
              "a line is longer than 1000 bytes: text stages take whole lines; break it up first, for example with "
              "fold(1)");
    }
    SUBCASE("an endless line stops there, with no more memory than twice that") {
        block_assembler lines{{.block_bytes = 64, .line_bytes = 100'000}};
        std::size_t most = 0;
        std::expected<bool, std::string> ready = false;
        while (ready) {
            const auto room = lines.room();
            most = std::max(most, room.size());
            std::ranges::fill(room, 'x');
            ready = lines.commit(room.size());
        }
        CHECK(most <= 100'001);
    }
}

TEST_CASE("a buffer that held a line of great length is not kept") {
    block_assembler lines{{.block_bytes = 64, .line_bytes = 100'000}};
    block b;
    REQUIRE(feed(lines, std::string(90'000, 'x') + '\n'));
    REQUIRE(lines.take(b));
    CHECK(b.capacity() > 90'000);
    REQUIRE(feed(lines, "short\n"));
    REQUIRE(lines.take(b));
    CHECK(b == "short\n");
    REQUIRE(feed(lines, "shorter\n"));
    REQUIRE(lines.take(b));
    CHECK(b.capacity() < 1000);
}

TEST_CASE("misuse throws: reading on over lines that nobody took, or more than there was room for") {
    block_assembler lines{{.block_bytes = 4, .line_bytes = 8}};
    std::ranges::copy(std::string_view{"ab\nc"}, lines.room().begin());
    REQUIRE(lines.commit(4) == true);
    CHECK_THROWS_AS(std::ignore = lines.room(), std::logic_error);
    block b;
    lines.take(b);
    CHECK_THROWS_AS(std::ignore = lines.commit(lines.room().size() + 1), std::logic_error);
}

TEST_CASE("limits keep so many blocks within the budget, and never become too small to work") {
    for (const std::size_t blocks : {1U, 6U, 20U, 100U, 1000U}) {
        CAPTURE(blocks);
        const auto limits = block_limits::within(std::size_t{40} << 20, blocks);
        CHECK(limits.block_bytes >= 4096);
        CHECK(limits.line_bytes >= 65'536);
        if (blocks <= 100) {
            CHECK((limits.block_bytes + limits.line_bytes) * blocks <= std::size_t{40} << 20);
        }
    }
    CHECK(block_limits::within(std::size_t{1} << 30, 4).block_bytes == block_limits{}.block_bytes);
    CHECK(block_limits::within(std::size_t{1} << 30, 4).line_bytes == block_limits{}.line_bytes);
    CHECK(block_limits::within(0, 0).block_bytes == 4096);
}

TEST_CASE("a size reads as a person would say it") {
    CHECK(human_size(1000) == "1000 bytes");
    CHECK(human_size(64 << 10) == "64 KiB");
    CHECK(human_size(16 << 20) == "16 MiB");
    CHECK(human_size(7 << 18) == "1792 KiB");
    CHECK(human_size(100'000'000) == "95 MiB");
}

}  // namespace

}  // namespace fiberlab::pipeline_text
