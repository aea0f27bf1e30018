// engine: one regular expression, compiled for text that is read as UTF-8 characters or as bytes.
//
//   auto fast = make_backtracking_engine("time=\\d+", encoding::characters);   // PCRE2, to machine code
//   auto safe = make_linear_engine("time=\\d+", encoding::characters);         // RE2
//   if (fast->search(line, 0, 0) == found::exhausted) safe->search(line, 0, 0);
//
// PCRE2 is the faster one, by 2 to 14 times on logs (its compiled code skips to what can begin a match with vector
// instructions, RE2 1.3 ns a byte unless the expression begins with a literal), but some expressions make it try again
// and again: it stops after a number of steps and says `exhausted`. RE2's time grows with the text's length only, and
// it knows no back-references and no look-around. ^ and $ match at every newline in both, and . matches none.
//
// Text has to be UTF-8 for the RE2 engine of characters; anything is fine for the others. Offsets are in bytes. One
// thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>

#include "patterns/pipeline/text/replacement.hpp"

namespace fiberlab::pipeline_text {

enum class encoding : std::uint8_t { characters, bytes };

enum class found : std::uint8_t { no, yes, exhausted };

struct range {
    std::size_t begin = 0;
    std::size_t end = 0;
};

class engine {
public:
    engine() = default;
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;
    virtual ~engine() = default;

    // The leftmost match that begins at `from` or later; what comes before `from` is seen by ^, \b and the like. Fills
    // the groups 0 to `wanted`; none for -1, when it only matters whether there is a match.
    virtual found search(std::string_view text, std::size_t from, int wanted) = 0;

    // Of the last match; an empty range for a group that took no part.
    virtual range group(int number) const = 0;
};

class backtracking_engine : public engine {
public:
    virtual bool compiled() const noexcept = 0;  // to machine code, which some systems forbid
    virtual int groups() const noexcept = 0;
    virtual void limit_steps(std::uint32_t steps) noexcept = 0;  // per position where a match may begin
};

std::expected<std::unique_ptr<backtracking_engine>, syntax_error> make_backtracking_engine(std::string_view expression,
                                                                                           encoding in);

// Null when RE2 doesn't know the expression.
std::unique_ptr<engine> make_linear_engine(std::string_view expression, encoding in);

}  // namespace fiberlab::pipeline_text
