// newline_guard: the same regular expression, made blind to newlines, so that a whole block can be searched at once.
//
//   guard_newlines("id=[^;]+\\s")   →   "id=[^\\n;]+[^\\S\\n]"
//
// Of the expression returned no part but ^ $ \b \B can tell a newline from the edge of the text; under multi-line rules
// its matches in a block are thus those that it has in each line alone. Nothing for what the guard does not know (\A,
// \R, (?s), verbs, …): such an expression is tried on each line by itself, which is always right but slower.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fiberlab::pipeline_text {

std::optional<std::string> guard_newlines(std::string_view expression);

}  // namespace fiberlab::pipeline_text
