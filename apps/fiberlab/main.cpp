#include "apps/fiberlab/commands.hpp"
#include "apps/fiberlab/program.hpp"
#include "locks/contention/processes.hpp"
#include "locks/servers/guardian.hpp"
#include "patterns/core/process.hpp"

int main(int argc, char** argv) {
    // The roles that this program plays for itself when it starts itself anew.
    if (const auto code = fiberlab::run_keeper(argc, argv)) {
        return *code;
    }
    if (const auto code = fiberlab::servers::run_hidden_role(argc, argv)) {
        return *code;
    }
    if (const auto code = fiberlab::locks::run_contender(argc, argv)) {
        return *code;
    }
    return fiberlab::cli::run_program({argv + 1, argv + argc}, fiberlab::all_commands());
}
