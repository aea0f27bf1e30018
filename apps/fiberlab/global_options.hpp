// The options that every command takes, before or after its name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "patterns/demo/option.hpp"

namespace fiberlab::cli {

// Values: each has a variable in the environment, as a command's options have.
const std::vector<demo::option>& global_options();

// What asks for something else than a run, and --json. They have no variable.
const std::vector<demo::option>& global_switches();

// "q" for quiet; empty for most.
std::string_view letter(std::string_view option_name);

// "-q, --quiet", "--seed N": as help shows an option.
std::string spelled(const demo::option& of);

// What stands for the value: "N", "TIME", "URL", or the choices if they are short; empty for a flag.
std::string value_name(const demo::option& of);
std::string joined_choices(const demo::option& of);  // "real|virtual"

}  // namespace fiberlab::cli
