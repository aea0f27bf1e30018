// Which stream carries what, and what becomes of it when nobody reads.
#include <doctest/doctest.h>

#include <csignal>

#include "tests/cli/fakelab.hpp"
#include "tests/support/files.hpp"
#include "tests/support/schema.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fiberlab::test {

namespace {

bool coloured(const std::string& text) {
    return has(text, "\033[");
}

using variables = std::vector<std::pair<std::string, std::optional<std::string>>>;

// Of a run with its output on a terminal or in a pipe.
bool coloured(bool terminal, std::vector<std::string> more, variables environment = {}) {
    more.insert(more.begin(), "relay");
    launch how = fakelab(std::move(more));
    how.terminal = terminal;
    how.environment = std::move(environment);
    return coloured(run(std::move(how)).out);
}

}  // namespace

TEST_CASE("results go to standard output, errors to standard error") {
    const finished good = run(fakelab({"relay"}));
    CHECK(good.err.empty());
    CHECK(has(good.out, "Held"));
    const finished bad = run(fakelab({"relay", "--nope"}));
    CHECK(bad.out.empty());
    CHECK(has(bad.err, "relay has no option --nope"));
}

TEST_CASE("colour follows --color, NO_COLOR, CLICOLOR_FORCE, TERM and the terminal, in that order") {
    CHECK(coloured(true, {}));
    CHECK_FALSE(coloured(false, {}));
    CHECK_FALSE(coloured(true, {}, {{"TERM", "dumb"}}));
    CHECK_FALSE(coloured(true, {}, {{"TERM", std::nullopt}}));
    CHECK(coloured(false, {}, {{"CLICOLOR_FORCE", "1"}}));
    CHECK(coloured(false, {}, {{"CLICOLOR_FORCE", "1"}, {"TERM", "dumb"}}));
    CHECK_FALSE(coloured(false, {}, {{"CLICOLOR_FORCE", "0"}}));
    CHECK_FALSE(coloured(true, {}, {{"NO_COLOR", "1"}}));
    CHECK(coloured(true, {}, {{"NO_COLOR", ""}}));
    CHECK_FALSE(coloured(true, {}, {{"NO_COLOR", "1"}, {"CLICOLOR_FORCE", "1"}}));
    CHECK(coloured(false, {"--color", "always"}, {{"NO_COLOR", "1"}}));
    CHECK_FALSE(coloured(true, {"--color", "never"}, {{"CLICOLOR_FORCE", "1"}}));
    CHECK(coloured(false, {}, {{"FIBERLAB_COLOR", "always"}}));
}

TEST_CASE("JSON is never coloured") {
    CHECK_FALSE(coloured(true, {"--json", "--color", "always"}));
}

TEST_CASE("help is coloured as a run is") {
    launch how = fakelab({"relay", "--help"});
    CHECK_FALSE(coloured(run(how).out));
    how.terminal = true;
    CHECK(coloured(run(how).out));
}

TEST_CASE("a reader that goes away ends a run quietly") {
    for (const char* format : {"text", "ndjson"}) {
        child running{
            fakelab({"endless", "--time", "real", "--duration", "1h", "--format", format, "--events", "100k"})};
        REQUIRE(running.wait_for_output("step"));
        running.close_output();
        const finished done = running.finish();
        CHECK(done.exit_code == 0);
        CHECK(done.err.empty());
    }
}

TEST_CASE("a reader that was never there ends everything quietly") {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"relay"}, {"relay", "--items", "20k", "-v"}, {"relay", "--json"}, {}, {"relay", "--help"}, {"doctor"}}) {
        // The shell's pipe has no reader left by the time it goes on.
        std::string line = R"(sleep 0 | true; exec 3>&1; { "$0" "$@"; echo code=$? >&3; } | true)";
        std::vector<std::string> arguments{"bash", "-c", line, fakelab()};
        arguments.insert(arguments.end(), words.begin(), words.end());
        const finished done = run({.arguments = arguments});
        CHECK(done.out == "code=0\n");
        CHECK(done.err == "");
    }
}

TEST_CASE("a run without standard output still ends by its verdict") {
    launch how = fakelab({"relay", "--variant", "lossy"});
    how.no_stdout = true;
    const finished done = run(how);
    CHECK(done.exit_code == 4);
    CHECK(done.err.empty());
}

TEST_CASE("a disk that is full is told") {
    const finished done = run({.arguments = {"sh", "-c", "\"$0\" relay -v --items 5k >/dev/full", fakelab()}});
    CHECK(done.exit_code == 1);
    CHECK(has(done.err, "the output can't be written: No space left on device"));
}

TEST_CASE("with real input standard output carries the data alone") {
    launch how = fakelab({"copy", "--input", "-"});
    how.input = "one\ntwo\n";
    const finished done = run(how);
    CHECK(done.exit_code == 0);
    CHECK(done.out == "one\ntwo\n");
    CHECK(has(done.err, "read  8 B"));
    CHECK(has(done.err, "Again: fiberlab copy --input - --seed 1"));
}

TEST_CASE("with real input a report goes to the file that was named") {
    const temporary_folder folder;
    launch how = fakelab({"copy", "--input", "-", "--json", "--report", "report.json"});
    how.input = "data";
    how.folder = folder.path();
    const finished done = run(how);
    CHECK(done.exit_code == 0);
    CHECK(done.out == "data");
    CHECK(done.err.empty());
    CHECK(invalidity_of_result(read_file(folder.path() / "report.json")) == "");
}

TEST_CASE("without real input a report goes to the file, too") {
    const temporary_folder folder;
    launch how = fakelab({"relay", "--report", "report.txt"});
    how.folder = folder.path();
    const finished done = run(how);
    CHECK(done.out.empty());
    CHECK(has(read_file(folder.path() / "report.txt"), "Held: all 3 invariants"));
}

TEST_CASE("when the reader of data goes away nothing is said") {
    child running{{.arguments = {fakelab(), "copy", "--input", "/dev/zero"}}};
    REQUIRE(running.wait_for_output(std::string(1000, '\0')));
    running.close_output();
    const finished done = running.finish();
    CHECK(done.exit_code == 0);
    CHECK_FALSE(has(done.err, "Held"));
}

TEST_CASE("standard input is left alone unless it is asked for") {
    launch how = fakelab({"relay"});
    how.keep_input_open = true;
    child running{how};
    // It would wait for the input for ever.
    CHECK(running.finish().exit_code == 0);
    const finished rest =
        run({.arguments = {"sh", "-c", "\"$0\" relay >/dev/null; cat", fakelab()}, .input = "not for you"});
    CHECK(rest.out == "not for you");
}

TEST_CASE("quiet leaves the result, verbose tells everything") {
    const finished quiet = run(fakelab({"relay", "-q"}));
    CHECK_FALSE(has(quiet.out, "push values"));
    CHECK(has(quiet.out, "✓ held     every value arrives (6 samples)"));
    const finished verbose = run(fakelab({"relay", "-v"}));
    CHECK(has(verbose.out, "park values"));
}

TEST_CASE("in real time on a terminal a long run shows how far it is, and clears it away") {
    launch how = fakelab({"endless", "--time", "real", "--duration", "5m"});
    how.terminal = true;
    child running{how};
    REQUIRE(running.wait_for_output(" of 5 min 0 s"));
    running.send(SIGINT);
    const finished done = running.finish();
    CHECK(has(done.out, "to go"));
    CHECK(has(done.out, "\r\033[K"));
    CHECK(done.exit_code == 130);
}

TEST_CASE("there is no progress in a pipe, nor when quiet") {
    const finished piped = run(fakelab({"endless", "--time", "real", "--duration", "700ms"}));
    CHECK(piped.err.empty());
    launch how = fakelab({"endless", "--time", "real", "--duration", "700ms", "-q"});
    how.terminal = true;
    CHECK_FALSE(has(run(how).out, "to go"));
}

TEST_CASE("text from outside can't steer the terminal, and JSON stays whole") {
    launch how = fakelab({"mishap", "--kind", "escape", "--color", "never"});
    how.terminal = true;
    CHECK_FALSE(has(run(how).out, "\033"));
    CHECK(invalidity_of_result(run(fakelab({"mishap", "--kind", "escape", "--json"})).out) == "");
}

}  // namespace fiberlab::test
