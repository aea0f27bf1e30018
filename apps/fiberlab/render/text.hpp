// text: laying out UTF-8 on a terminal, where a character may be two columns wide, or none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fiberlab::render {

// What is safe to show: control characters (an escape sequence in a file's name) and bytes that are no UTF-8 become
// "�".
std::string printable(std::string_view text);

std::size_t columns(std::string_view utf8);  // how many columns it takes; colour sequences take none

std::string left(std::string_view utf8, std::size_t width);   // padded on its right to `width` columns, never cut
std::string right(std::string_view utf8, std::size_t width);  // padded on its left

// With blanks at which wrapped() does not break a line: "5 ms" stays together.
std::string glued(std::string text);

// Broken at blanks into lines of at most `width` columns; a word that is longer gets a line of its own.
std::vector<std::string> wrapped(std::string_view utf8, std::size_t width);

}  // namespace fiberlab::render
