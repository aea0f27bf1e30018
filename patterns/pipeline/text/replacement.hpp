// replacement: the TEXT of replace:RE:TEXT, taken apart.
//
//   parse_replacement("\\2: \\1\\n", 2)   // group 2, ": ", group 1, a newline
//
// \0 is the whole match, \1 to \9 its groups (an unmatched one is empty), \n a newline, \t a tab, \: a colon, \\ a
// backslash; & stands for itself.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fiberlab::pipeline_text {

struct replacement {
    struct part {
        std::string literal{};  // comes first
        int group = -1;         // then this group, if any
    };
    std::vector<part> parts{};
    int last_group = 0;  // the highest that is asked for
    bool newlines = false;
};

// Something wrong in what the user wrote: where, counted from the start of the text given, what, and what to do.
struct syntax_error {
    std::size_t at = 0;
    std::string what{};
    std::string advice{};
};

std::expected<replacement, syntax_error> parse_replacement(std::string_view text, int groups);

}  // namespace fiberlab::pipeline_text
