// required_literal: text that every match of an expression contains, which is far faster to look for.
//
//   required_literal("^.* (timeout|refused) by [a-z]+")   → " by "
//   literal_finder by{" by "};
//   by.find(text, from);                                  // npos when it comes no more
//
// The expression is one that guard_newlines accepts. Empty when there is no such text of two bytes, and when the
// expression begins with it: PCRE2 skips to that by itself.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fiberlab::pipeline_text {

std::string required_literal(std::string_view expression);

class literal_finder {
public:
    literal_finder() = default;
    explicit literal_finder(std::string text);  // of two bytes or more

    bool empty() const noexcept { return text_.empty(); }
    std::size_t find(std::string_view in, std::size_t from) const noexcept;

private:
    std::string text_;
    std::size_t first_ = 0;  // where its two rarest bytes are
    std::size_t second_ = 1;
};

}  // namespace fiberlab::pipeline_text
