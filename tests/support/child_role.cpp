#include "tests/support/child_role.hpp"

#include <map>

namespace fiberlab::test {

namespace {

std::map<std::string_view, child_role::body>& roles() {
    static std::map<std::string_view, child_role::body> registered;
    return registered;
}

}  // namespace

child_role::child_role(std::string_view name, body run) {
    roles().emplace(name, run);
}

std::optional<int> run_child_role(int argc, char** argv) {
    const auto found = argc > 1 ? roles().find(argv[1]) : roles().end();
    return found == roles().end() ? std::nullopt : std::optional{found->second(argc, argv)};
}

}  // namespace fiberlab::test
