// The program's commands, in the order they are shown. The build generates the definition from the list of demos.
#pragma once

#include <vector>

#include "patterns/demo/command.hpp"

namespace fiberlab {

std::vector<const demo::command*> all_commands();

}  // namespace fiberlab
