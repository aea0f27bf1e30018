#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "tests/support/child_role.hpp"

int main(int argc, char** argv) {
    if (const auto code = fiberlab::test::run_child_role(argc, argv)) {
        return *code;
    }
    return doctest::Context{argc, argv}.run();
}
