// text_lab: seeded text, and what becomes of it in the stages and in the tools that they stand beside.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "patterns/pipeline/text/block_assembler.hpp"
#include "patterns/pipeline/text/text_stage.hpp"
#include "tests/support/child.hpp"

namespace fiberlab::test {

class dice {
public:
    explicit dice(std::uint64_t seed) : state_{seed} {}

    std::size_t below(std::size_t limit) {
        state_ += 0x9e3779b97f4a7c15;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return (z ^ (z >> 31)) % limit;
    }

    bool one_in(std::size_t n) { return below(n) == 0; }

private:
    std::uint64_t state_;
};

enum class script : std::uint8_t {
    ascii,    // with tabs, CRs and runs of blanks
    utf8,     // letters of other alphabets too
    garbled,  // bytes that are no UTF-8, and NUL
};

// Lines of words on which the expressions of the tests hit and miss; every second text lacks its last newline.
inline std::string random_text(dice& d, std::size_t lines, script in = script::ascii) {
    using namespace std::string_view_literals;
    static constexpr std::array plain{
        "error"sv, "foo"sv,        "bar"sv,      "a"sv,    "ab"sv,           "aab"sv, "b"sv,       "c"sv,
        "xx"sv,    "timeout by"sv, "10.0.0.1"sv, "500"sv,  "GET /a/b?x=1"sv, "=;"sv,  "fooxbar"sv, "]"sv,
        "Error"sv, "a-b"sv,        "(x)"sv,      R"(\)"sv, "12:30"sv,        "&"sv};
    static constexpr std::array gaps{" "sv, " "sv, " "sv, ""sv, "  "sv, "\t"sv, " \t "sv};
    static constexpr std::array foreign{"é"sv, "größe"sv, "日本"sv, "€"sv, "\U0001F600"sv};
    static constexpr std::array broken{"\xff"sv, "\xc3"sv, "\xe2\x82"sv, "\x80"sv, "\0"sv, "\xed\xa0\x80"sv};
    std::string text;
    for (std::size_t i = 0; i < lines; ++i) {
        if (d.one_in(4)) {
            text += gaps[d.below(gaps.size())];
        }
        for (std::size_t words = d.below(7); words > 0; --words) {
            text += plain[d.below(plain.size())];
            if (in == script::utf8 && d.one_in(3)) {
                text += foreign[d.below(foreign.size())];
            }
            if (in == script::garbled && d.one_in(3)) {
                text += d.one_in(2) ? broken[d.below(broken.size())] : foreign[d.below(foreign.size())];
            }
            text += gaps[d.below(gaps.size())];
        }
        if (d.one_in(12)) {
            text += '\r';
        }
        text += '\n';
    }
    if (!text.empty() && d.one_in(2)) {
        text.pop_back();
    }
    return text;
}

using stage_list = std::vector<std::unique_ptr<pipeline_text::text_stage>>;

// The stages one after another; the text in reads of any size if there are dice, in as few as possible if not. Throws
// what a stage complains about.
class text_line {
public:
    explicit text_line(stage_list stages, pipeline_text::block_limits limits = {})
        : stages_{std::move(stages)}, limits_{limits} {}

    std::string run(std::string_view input, dice* cuts = nullptr) {
        pipeline_text::block_assembler lines{limits_};
        pipeline_text::block b;
        while (!input.empty()) {
            const auto room = lines.room();
            std::size_t count = std::min(room.size(), input.size());
            if (cuts != nullptr) {
                count = std::min(count, 1 + cuts->below(cuts->one_in(4) ? 200 : 9));
            }
            std::ranges::copy(input.substr(0, count), room.begin());
            input.remove_prefix(count);
            const auto ready = lines.commit(count);
            if (!ready) {
                throw std::runtime_error{ready.error()};
            }
            const bool full = count == room.size();
            if (*ready && (full || cuts == nullptr || cuts->one_in(3))) {
                lines.take(b);
                pass(b, 0);
            }
        }
        if (lines.finish(b)) {
            pass(b, 0);
        }
        for (std::size_t i = 0; i < stages_.size(); ++i) {
            pipeline_text::block rest;
            stages_[i]->finish(rest);
            pass(rest, i + 1);
        }
        return std::move(result_);
    }

    std::size_t largest_block() const noexcept { return largest_; }

private:
    void pass(pipeline_text::block& b, std::size_t stage) {
        largest_ = std::max(largest_, b.size());
        if (b.empty()) {
            return;
        }
        if (stage == stages_.size()) {
            result_ += b;
            return;
        }
        for (auto step = stages_[stage]->transform(b);; step = stages_[stage]->resume(b)) {
            if (!step) {
                throw std::runtime_error{step.error()};
            }
            pass(b, stage + 1);
            if (*step == pipeline_text::progress::done) {
                return;
            }
        }
    }

    stage_list stages_;
    pipeline_text::block_limits limits_;
    std::string result_;
    std::size_t largest_ = 0;
};

inline stage_list stages(const std::vector<std::string>& specs, pipeline_text::block_limits limits = {}) {
    stage_list made;
    for (const auto& spec : specs) {
        auto stage = pipeline_text::parse_stage(spec, limits);
        if (!stage) {
            throw std::runtime_error{stage.error()};
        }
        made.push_back(*std::move(stage));
    }
    return made;
}

inline std::string through(const std::vector<std::string>& specs, std::string_view input) {
    return text_line{stages(specs)}.run(input);
}

inline std::string tool(std::vector<std::string> command, std::string_view input, const std::string& locale = "C") {
    const finished done = fiberlab::test::run(
        {.arguments = std::move(command), .input = std::string{input}, .environment = {{"LC_ALL", locale}}});
    if (done.exit_code != 0 && done.exit_code != 1) {  // grep says 1 when nothing matches
        throw std::runtime_error{"the tool failed: " + done.err};
    }
    return done.out;
}

}  // namespace fiberlab::test
