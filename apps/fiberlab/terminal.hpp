// terminal: what a stream can show.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace fiberlab::cli {

using environment = std::function<std::optional<std::string>(const std::string& variable)>;

std::optional<std::string> process_environment(const std::string& variable);

bool is_terminal(int descriptor);

// --color, then a non-empty NO_COLOR, then CLICOLOR_FORCE, then TERM=dumb, then whether the stream is a terminal.
bool wants_colour(std::string_view color_option, const environment& variables, bool terminal);

std::size_t width_of(int descriptor);  // 80 where it is no terminal

// Makes sure that standard input, output and error are open: a socket that took the number of a closed one would get
// our output.
void open_missing_streams();

}  // namespace fiberlab::cli
