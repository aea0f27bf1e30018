// introspection: all commands and options as JSON, for what has to know them without guessing: our tests.
#pragma once

#include <string>

#include "apps/fiberlab/command_line.hpp"

namespace fiberlab::cli {

std::string described(const command_list& commands);

}  // namespace fiberlab::cli
