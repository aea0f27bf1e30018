// bridge over real input: files joined on standard output in order, each read ahead by a fiber of its own.
#pragma once

#include "patterns/demo/command.hpp"
#include "patterns/demo/report.hpp"

namespace fiberlab::demos {

// As cat does: a file that can't be read is named, the others are joined all the same, and the exit code is 1.
demo::report bridge_files(const demo::stage& on);

}  // namespace fiberlab::demos
