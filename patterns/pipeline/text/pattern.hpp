// pattern: a regular expression as the user wrote it, with all that it takes to find it fast in blocks of any text.
//
//   auto what = pattern::compile("time=([0-9.]+)");      // the error: where, what, what to write instead
//   line_finder in{std::move(*what), 1};                 // then see line_finder.hpp
//
// Perl's syntax, as PCRE2 has it. A character is a UTF-8 character, but in a line that is no UTF-8 each byte is one:
// a broken byte never hides a line from `.`.
// \w, \d, \s, \b and [[:alpha:]] are about ASCII.
#pragma once

#include <expected>
#include <memory>
#include <string_view>

#include "patterns/pipeline/text/engine.hpp"
#include "patterns/pipeline/text/required_literal.hpp"

namespace fiberlab::pipeline_text {

// What may be used to go faster. The result is the same with all of it off, which tests rely on.
struct shortcuts {
    bool whole_blocks = true;  // search many lines with one call
    bool literals = true;      // look for text that every match contains before anything else
    bool backtracking = true;  // PCRE2 first, RE2 when it takes too long; else RE2 alone, if it knows the expression
};

class pattern {
public:
    static std::expected<pattern, syntax_error> compile(std::string_view expression, shortcuts allowed = {});

    int groups() const noexcept { return groups_; }

private:
    friend class line_finder;

    struct engines {
        std::unique_ptr<backtracking_engine> fast{};  // null where RE2 is the faster one
        std::unique_ptr<engine> linear{};             // null when RE2 doesn't know the expression

        bool any() const noexcept { return fast || linear; }
    };

    // None for an expression that has no meaning in that encoding, such as \x{20AC} in bytes.
    static engines make_engines(std::string_view as_written, std::string_view guarded, encoding in, shortcuts allowed);

    pattern() = default;

    engines characters_;  // one of the two may have none
    engines bytes_;
    literal_finder literal_;     // every match contains it
    bool ascii_ = false;         // then ASCII text means the same to both
    bool whole_blocks_ = false;  // no match crosses a newline
    int groups_ = 0;
};

}  // namespace fiberlab::pipeline_text
