// child_role: lets a test run its own executable again as something else, in a process of its own.
//
//   const test::child_role holder{"__holder", [](int argc, char** argv) { …; return 0; }};   // at namespace scope
//   test::child child{{.arguments = {"/proc/self/exe", "__holder", "argument"}}};            // runs it
//
// The first argument picks the role. The program's own hidden roles (a guardian, a keeper) are registered the same way
// by the tests that need them.
#pragma once

#include <optional>
#include <string_view>

namespace fiberlab::test {

class child_role {
public:
    using body = int (*)(int argc, char** argv);  // argv[1] is the role's name; returns the exit code

    child_role(std::string_view name, body run);
};

std::optional<int> run_child_role(int argc, char** argv);  // nothing: an ordinary run of the tests

}  // namespace fiberlab::test
