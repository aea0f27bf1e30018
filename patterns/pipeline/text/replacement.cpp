#include "patterns/pipeline/text/replacement.hpp"

#include <algorithm>

namespace fiberlab::pipeline_text {

std::expected<replacement, syntax_error> parse_replacement(std::string_view text, int groups) {
    replacement made;
    std::string literal;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\\') {
            literal += text[at];
            continue;
        }
        if (at + 1 == text.size()) {
            return std::unexpected{syntax_error{at, "the text ends in a lone \\", "write \\\\ for a backslash"}};
        }
        const char c = text[at + 1];
        if (c >= '0' && c <= '9') {
            const int group = c - '0';
            if (group > groups) {
                const std::string there = groups == 0 ? "the regular expression has no group"
                                          : groups == 1
                                              ? "the regular expression has 1 group"
                                              : "the regular expression has " + std::to_string(groups) + " groups";
                return std::unexpected{syntax_error{at, std::string{"there is no group \\"} + c + ": " + there,
                                                    "put parentheses around what it should be, or write \\\\ for a "
                                                    "backslash"}};
            }
            made.parts.push_back({.literal = std::move(literal), .group = group});
            made.last_group = std::max(made.last_group, group);
            literal.clear();
        } else if (c == 'n' || c == 't') {
            literal += c == 'n' ? '\n' : '\t';
        } else if (c == '\\' || c == ':') {
            literal += c;
        } else {
            return std::unexpected{
                syntax_error{at, std::string{"unknown escape \\"} + c,
                             R"(\0 to \9 are groups, \n a newline, \t a tab; write \\ for a backslash)"}};
        }
        ++at;
    }
    if (!literal.empty()) {
        made.parts.push_back({.literal = std::move(literal)});
    }
    made.newlines = std::ranges::any_of(made.parts, [](const auto& p) { return p.literal.contains('\n'); });
    return made;
}

}  // namespace fiberlab::pipeline_text
