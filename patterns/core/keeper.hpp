// The keeper's side of process.hpp: a hidden role of this program, one per child.
#pragma once

#include <sys/types.h>

#include <string_view>

namespace fiberlab {

inline constexpr std::string_view keeper_role = "__keeper";

// What the keeper writes to its report pipe, once.
struct keeper_report {
    pid_t child = -1;
    int exec_error = 0;  // errno of a program that could not be executed
};

}  // namespace fiberlab
