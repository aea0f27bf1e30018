// Every example of every --help, run as it stands.
#include <doctest/doctest.h>

#include "tests/cli/every_command.hpp"
#include "tests/support/files.hpp"
#include "tests/support/schema.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fiberlab::test {

namespace {

using namespace std::chrono_literals;

// Runs it where every file that it makes is seen. The cache of the Postgres template is meant to stay, and is shared.
finished run_alone(launch how, const temporary_folder& folder, const std::string& input) {
    how.input = input;
    how.folder = folder.path();
    how.environment = {{"TMPDIR", folder.path().string()}};
    return run(std::move(how));
}

}  // namespace

TEST_CASE("every example ends with the code that its help tells, and leaves nothing behind") {
    adopt_orphans();
    REQUIRE_FALSE(every_command().empty());
    for (const described_command& command : every_command()) {
        for (const described_example& example : command.examples) {
            CAPTURE(example.arguments);
            const temporary_folder folder;
            const finished done = run_alone(shell_line(example.arguments), folder, example.input);
            CAPTURE(done.out);
            CAPTURE(done.err);
            CHECK(done.exit_code == example.exit_code);
            CHECK(no_child_left(1s));
            CHECK(names_below(folder.path()).empty());
        }
    }
}

TEST_CASE("every example's result is what the schema says") {
    for (const described_command& command : every_command()) {
        for (const described_example& example : command.examples) {
            CAPTURE(example.arguments);
            const temporary_folder folder;
            const finished done =
                run_alone(shell_line(example.arguments, "--json --report report.json"), folder, example.input);
            CHECK(done.exit_code == example.exit_code);
            CHECK(done.err.empty());
            CHECK(invalidity_of_result(read_file(folder.path() / "report.json")) == "");
        }
    }
}

}  // namespace fiberlab::test
