// command_line: from the words of a command line and the environment to what is to be done.
//
// The options of every command come from its table. The grammar sorts words into options, values and operands; the
// values are read by demo::parameters, which is the same for the command line and the environment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/fiberlab/terminal.hpp"
#include "patterns/demo/command.hpp"

namespace fiberlab::cli {

using command_list = std::vector<const demo::command*>;

// What is to be done. Of a run: everything it is made with.
struct invocation {
    enum class action : std::uint8_t { overview, help, explain, version, run, completion, doctor };

    action what = action::overview;
    const demo::command* command = nullptr;  // of run, explain and help
    std::vector<std::string> words{};        // of help: the topic; of completion: the shell
    std::vector<std::string> operands{};
    demo::parameters options;  // the command's
    demo::parameters globals;
};

// Exit 2, with where to read on: "tee" for `fiberlab tee --help`.
struct bad_command_line : demo::usage_error {
    bad_command_line(const std::string& message, std::string about)
        : demo::usage_error{message}, help_about{std::move(about)} {}
    std::string help_about;
};

// The names of the commands that are no demos: help, completion, doctor.
const std::vector<std::pair<std::string, std::string>>& built_in_commands();

// Throws bad_command_line.
invocation read_command_line(const std::vector<std::string>& arguments, const command_list& commands,
                             const environment& variables);

}  // namespace fiberlab::cli
