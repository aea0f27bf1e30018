#include "patterns/pipeline/text/pattern.hpp"

#include <string>
#include <utility>

#include "patterns/pipeline/text/newline_guard.hpp"
#include "patterns/pipeline/text/utf8.hpp"

namespace fiberlab::pipeline_text {

std::expected<pattern, syntax_error> pattern::compile(std::string_view expression, shortcuts allowed) {
    // As it was written, for the error's position.
    const encoding in = is_utf8(expression) ? encoding::characters : encoding::bytes;
    const auto plain = make_backtracking_engine(expression, in);
    if (!plain) {
        return std::unexpected{plain.error()};
    }
    const auto guarded = guard_newlines(expression);

    pattern made;
    made.groups_ = (*plain)->groups();
    made.ascii_ = is_ascii(expression);
    made.whole_blocks_ = guarded && allowed.whole_blocks;
    if (std::string literal = guarded && allowed.literals ? required_literal(expression) : ""; !literal.empty()) {
        made.literal_ = literal_finder{std::move(literal)};
    }
    const std::string_view to_compile = guarded ? std::string_view{*guarded} : expression;
    if (in == encoding::characters) {
        made.characters_ = make_engines(expression, to_compile, encoding::characters, allowed);
    }
    made.bytes_ = make_engines(expression, to_compile, encoding::bytes, allowed);
    return made;
}

pattern::engines pattern::make_engines(std::string_view as_written, std::string_view guarded, encoding in,
                                       shortcuts allowed) {
    auto fast = make_backtracking_engine(guarded, in);
    if (!fast) {
        return {};
    }
    engines made;
    made.linear = make_linear_engine(as_written, in);
    // RE2 is quick to hand a line to, and quicker than PCRE2's interpreter; without it a line has to be given up.
    constexpr std::uint32_t before_linear = 10'000;
    constexpr std::uint32_t before_giving_up = 10'000'000;
    (*fast)->limit_steps(made.linear ? before_linear : before_giving_up);
    if (!made.linear || (allowed.backtracking && (*fast)->compiled())) {
        made.fast = std::move(*fast);
    }
    return made;
}

}  // namespace fiberlab::pipeline_text
