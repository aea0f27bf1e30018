#include "apps/fiberlab/program.hpp"
#include "patterns/core/process.hpp"
#include "tests/fakelab/commands.hpp"

int main(int argc, char** argv) {
    if (const auto code = fiberlab::run_keeper(argc, argv)) {
        return *code;
    }
    return fiberlab::cli::run_program({argv + 1, argv + argc}, fiberlab::test::fake_commands());
}
