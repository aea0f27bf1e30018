// program: the whole of fiberlab, for a given list of commands. main() calls it with the list that the build made;
// tests call it with one of their own.
#pragma once

#include <string>
#include <vector>

#include "apps/fiberlab/command_line.hpp"

namespace fiberlab::cli {

// Returns the exit code. Nothing is thrown: what goes wrong is said once on standard error.
int run_program(const std::vector<std::string>& arguments, const command_list& commands) noexcept;

}  // namespace fiberlab::cli
