// tee over real input: the bytes of a file or of standard input, copied to two files in lockstep.
#pragma once

#include "patterns/demo/command.hpp"
#include "patterns/demo/report.hpp"

namespace fiberlab::demos {

// Throws usage_error when the input or an output can't be opened, or two of the three are the same file: nothing has
// been read or written then.
demo::report tee_files(const demo::stage& on);

}  // namespace fiberlab::demos
