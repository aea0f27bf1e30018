// The README's commands, run as they stand; where it shows what they print, they must print just that.
#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/child.hpp"
#include "tests/support/files.hpp"
#include "tests/support/paths.hpp"

namespace fiberlab::test {

namespace {

struct shown_command {
    std::string line;      // what follows "$ "
    std::string expected;  // what the README shows below it; empty when it shows nothing
};

std::vector<shown_command> commands_of_readme() {
    std::vector<shown_command> found;
    std::istringstream readme{read_file(std::filesystem::path{source_tree()} / "README.md")};
    bool inside = false;
    for (std::string line; std::getline(readme, line);) {
        if (line.starts_with("```")) {
            inside = line == "```console";
        } else if (inside && line.starts_with("$ ")) {
            found.push_back({line.substr(2), {}});
        } else if (inside && !found.empty()) {
            found.back().expected += line + "\n";
        }
    }
    return found;
}

// With "fiberlab" being the program under test.
launch in_shell(const std::string& line) {
    const std::filesystem::path program_path{program()};
    launch how;
    how.arguments = {"sh", "-c", "PATH=" + program_path.parent_path().string() + ":$PATH; " + line};
    return how;
}

}  // namespace

TEST_CASE("the README's commands run, end as it says, and print what it shows") {
    const std::vector<shown_command> commands = commands_of_readme();
    REQUIRE(commands.size() >= 5);
    std::size_t recorded = 0;
    for (const shown_command& shown : commands) {
        CAPTURE(shown.line);
        const finished done = run(in_shell(shown.line));
        CAPTURE(done.err);
        const bool broken_on_purpose = shown.line.find("as-written") != std::string::npos;
        CHECK(done.exit_code == (broken_on_purpose ? 4 : 0));
        if (!shown.expected.empty()) {
            ++recorded;
            CHECK(done.out == shown.expected);
        }
    }
    CHECK(recorded >= 1);
}

}  // namespace fiberlab::test
