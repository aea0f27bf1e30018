// completion: what could come next on a command line, from the same tables that read it.
//
// A shell's script asks `fiberlab __complete WORD…`: the words after "fiberlab" up to the cursor, the last one perhaps
// empty. The answer is a line for each candidate, with a tab and its help behind it, or the single line ":files" where
// the name of a file belongs.
#pragma once

#include <string>
#include <vector>

#include "apps/fiberlab/command_line.hpp"

namespace fiberlab::cli {

struct candidate {
    std::string text;
    std::string help{};
};

struct candidates {
    std::vector<candidate> all{};
    bool files = false;
};

candidates complete(const command_list& commands, const std::vector<std::string>& words);

std::string shell_script(const std::string& shell);  // throws bad_command_line for a shell that is none of the three

}  // namespace fiberlab::cli
