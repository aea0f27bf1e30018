// text_stage: one step of `fiberlab pipeline --input … --stage SPEC`: lines in, lines out, a block at a time.
//
//   match:RE         the lines that RE matches, as grep -P (or -E: RE is Perl-compatible)
//   replace:RE:TEXT  every match of RE becomes TEXT, as perl -p or sed -E 's/RE/TEXT/g'; \1 in TEXT is a group
//   field:N          the Nth blank-separated field, from 1, as awk '{print $N}'
//   upper            ASCII letters, as tr a-z A-Z
//   count            swallows the lines and gives their number at the end
//   hash             each line's SHA-256 in hexadecimal, as printf %s LINE | sha256sum
//
//   auto stage = parse_stage("match: error");            // the error is a sentence: what, where, what to write instead
//   for (auto step = (*stage)->transform(b);; step = (*stage)->resume(b)) {
//       if (!step) return fail(step.error());
//       if (!b.empty()) send(b);                         // refill b with a spare block
//       if (*step == progress::done) break;
//   }
//   (*stage)->finish(b);                                 // once, at the end of the input; b may stay empty
//
// Bytes pass through as they are: NUL, CR and what is no UTF-8 included. A last line without a newline stays so through
// upper and replace, and gets one from match, field and hash, as from the tools above; count counts it.
//
// No fibers, no input or output, no clock. Nothing blocks, but a block may take a millisecond: run it on a helper
// thread (and a regular stack). One thread at a time, any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "patterns/pipeline/text/block.hpp"

namespace fiberlab::pipeline_text {

enum class progress : std::uint8_t {
    done,  // the block is the rest of the result
    more,  // the result needs several blocks: take this one away and call resume
};

class text_stage {
public:
    text_stage() = default;
    text_stage(const text_stage&) = delete;
    text_stage& operator=(const text_stage&) = delete;
    virtual ~text_stage() = default;

    // Takes the lines of `b` and leaves the result there; an empty block is no lines at all. The error is a sentence;
    // the stage is of no use after one.
    [[nodiscard]] virtual std::expected<progress, std::string> transform(block& b) = 0;

    // The next part after progress::more; what `b` held is overwritten.
    [[nodiscard]] virtual std::expected<progress, std::string> resume(block& b);

    // What the stage has to say once it has seen every line.
    virtual void finish(block& out);
};

// "match:RE, replace:RE:TEXT, …", for a help text.
std::string_view stage_forms() noexcept;

std::expected<std::unique_ptr<text_stage>, std::string> parse_stage(std::string_view spec, block_limits limits = {});

}  // namespace fiberlab::pipeline_text
