// Tests of locks start private servers, so their executable has to know the guardian's role.
#include "locks/servers/guardian.hpp"
#include "tests/support/child_role.hpp"

namespace {

const fiberlab::test::child_role guardian{
    "__guardian", [](int argc, char** argv) {
        constexpr int unknown_role = 2;
        return fiberlab::servers::run_hidden_role(argc, argv).value_or(unknown_role);
    }};

}  // namespace
