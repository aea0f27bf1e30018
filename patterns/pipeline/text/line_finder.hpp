// line_finder: the matches of a pattern in a run of lines, one after another; each lies within one line.
//
//   line_finder in{std::move(what), line_finder::lines_only};
//   in.open(lines);
//   for (std::size_t from = 0; from < lines.size();) {
//       const auto hit = in.next(from);
//       if (!hit) return std::unexpected{hit.error()};     // the pattern takes too long on some line
//       if (!*hit) break;
//       from = in.line().end + 1;
//   }
//
// Where the pattern allows, many lines are searched with one call. The outcome never depends on that, nor on how the
// input was cut into blocks.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "patterns/pipeline/text/pattern.hpp"

namespace fiberlab::pipeline_text {

class line_finder {
public:
    static constexpr int lines_only = -1;

    // Matches come with the groups 0 to `wanted`.
    line_finder(pattern what, int wanted) : pattern_{std::move(what)}, wanted_{wanted} {}

    // `lines` is not empty, stays where it is until the last next, and ends a line. What lies before `from` may be
    // overwritten between two searches, but for the newline in front of `from`.
    void open(std::string_view lines);

    // The first match that begins at `from` or later. `from` is in the line of the last match, or begins a line.
    [[nodiscard]] std::expected<bool, std::string> next(std::size_t from);

    range group(int number) const;
    range line() const;  // that the match lies in, without its newline

private:
    void open_line(std::size_t at);
    bool skip_to_literal(std::size_t& from);
    found search(std::size_t from);
    std::string complaint() const;

    pattern pattern_;
    int wanted_;
    std::string_view text_;                       // without the last newline
    const pattern::engines* in_block_ = nullptr;  // for all of text_; null when lines differ
    const pattern::engines* in_line_ = nullptr;
    const engine* matched_ = nullptr;
    range scope_;  // what is searched at once: all, or a line without its newline
    bool line_by_line_ = false;
    bool linear_ = false;           // for the rest of these lines
    std::size_t in_vain_ = 0;       // bytes of lines that had the literal and no match
    unsigned without_literal_ = 0;  // so many more blocks
};

}  // namespace fiberlab::pipeline_text
