#include "patterns/replicated_requests/output_spool.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "patterns/core/runtime/runtime.hpp"
#include "tests/support/files.hpp"
#include "tests/support/scoped_variable.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fiberlab {

namespace {

std::string numbered(int lines) {
    std::string text;
    for (int i = 0; i < lines; ++i) {
        text += "line " + std::to_string(i) + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("what was kept comes out whole and in order, in memory or past it") {
    const test::temporary_folder folder;
    const test::scoped_variable here{"TMPDIR", folder.path().string()};
    const std::string text = numbered(20'000);
    const std::string copy = (folder.path() / "copy").string();
    for (const std::size_t in_memory : {std::size_t{1} << 20U, std::size_t{1'000}, std::size_t{0}}) {
        const run_outcome done = run({.mode = run_mode::real}, [&] {
            output_spool kept{in_memory};
            for (std::size_t at = 0; at < text.size(); at += 777) {
                CHECK(kept.append(std::string_view{text}.substr(at, 777)).has_value());
            }
            CHECK(kept.size() == text.size());
            const descriptor to{open(copy.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600)};
            CHECK(kept.write_to(to.get()).has_value());
            // The file has no name: nothing is left behind, whatever happens.
            CHECK(test::names_below(folder.path()).size() == 1);
        });
        CHECK(done.how == run_outcome::kind::completed);
        CHECK(test::read_file(copy) == text);
    }
}

TEST_CASE("a folder for temporary files that is not there is an error, told when it is needed") {
    const test::temporary_folder folder;
    const test::scoped_variable here{"TMPDIR", (folder.path() / "missing").string()};
    const run_outcome done = run({.mode = run_mode::real}, [] {
        output_spool kept{10};
        CHECK(kept.append("0123456789").has_value());
        CHECK_FALSE(kept.append("x").has_value());
    });
    CHECK(done.how == run_outcome::kind::completed);
}

}  // namespace fiberlab
