// Every command that the program has, as it describes them itself: the tests of what holds for all of them go through
// this list, so that a new command is tested without a new line anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/child.hpp"

namespace fiberlab::test {

struct described_option {
    std::string name;
    std::string type;
    std::string help;
    std::string variable;
    std::int64_t max = 0;
    std::vector<std::string> choices;
};

struct described_example {
    std::string arguments;
    int exit_code = 0;
    std::string input;
};

struct described_command {
    std::string name;
    std::string summary;
    std::string operands;
    std::vector<described_option> options;
    std::vector<described_example> examples;

    const described_option* find_option(const std::string& option) const;  // null: it has none of that name
};

const std::vector<described_command>& every_command();
const std::vector<described_option>& global_options();

// The program with a line of arguments as a shell would split it, after the words of `before`.
launch shell_line(const std::string& arguments, const std::string& before = "");

// The first example: it is in virtual time and asks for nothing but the name.
launch showcase(const described_command& command, const std::string& before = "");

}  // namespace fiberlab::test
