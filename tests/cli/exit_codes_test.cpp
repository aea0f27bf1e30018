#include <doctest/doctest.h>

#include <csignal>

#include "apps/fiberlab/execute.hpp"
#include "tests/cli/fakelab.hpp"
#include "tests/support/files.hpp"
#include "tests/support/schema.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fiberlab::test {

namespace {

int code_of(std::vector<std::string> arguments) {
    return run(fakelab(std::move(arguments))).exit_code;
}

}  // namespace

TEST_CASE("0: every invariant held") {
    CHECK(code_of({"relay"}) == 0);
    CHECK(code_of({}) == 0);
    CHECK(code_of({"--help"}) == 0);
    CHECK(code_of({"help", "exit-codes"}) == 0);
    CHECK(code_of({"relay", "--explain"}) == 0);
}

TEST_CASE("1: an exception is told once, without a verdict") {
    const finished done = run(fakelab({"mishap", "--kind", "throw"}));
    CHECK(done.exit_code == 1);
    CHECK(done.err == "fiberlab: internal error: the roof is on fire\n");
    CHECK_FALSE(has(done.out, "Held"));
}

TEST_CASE("2: usage, found before the run or in it, with a way to help") {
    CHECK(code_of({"mishp"}) == 2);
    CHECK(code_of({"relay", "--nope"}) == 2);
    CHECK(code_of({"relay", "--items", "x"}) == 2);
    CHECK(code_of({"relay", "--items"}) == 2);
    CHECK(code_of({"help", "nothing"}) == 2);
    CHECK(code_of({"completion"}) == 2);
    CHECK(code_of({"doctor", "x"}) == 2);
    CHECK(code_of({"copy", "no such file"}) == 2);
    const finished done = run(fakelab({"mishap", "--kind", "usage"}));
    CHECK(done.exit_code == 2);
    CHECK(done.err == "fiberlab: --kind: usage can't be\nTry: fiberlab mishap --help\n");
}

TEST_CASE("2: a report that can't be written is refused before the run") {
    const finished done = run(fakelab({"relay", "--report", "/no/such/folder/report"}));
    CHECK(done.exit_code == 2);
    CHECK(has(done.err, "--report: /no/such/folder/report can't be written: No such file or directory"));
    CHECK(done.out.empty());
}

TEST_CASE("3: a server can't be reached") {
    const finished done = run(fakelab({"mishap", "--kind", "backend"}));
    CHECK(done.exit_code == 3);
    CHECK(done.err == "fiberlab: no server at nowhere:1\n");
}

TEST_CASE("4: an invariant broke, and the report is whole") {
    CHECK(code_of({"relay", "--variant", "lossy"}) == 4);
    for (const char* kind : {"deadlock", "leak"}) {
        const finished done = run(fakelab({"mishap", "--kind", kind, "--json"}));
        CHECK(done.exit_code == 4);
        CHECK(invalidity_of_result(done.out) == "");
        CHECK(has(done.out, R"("verdict": "broken")"));
    }
}

TEST_CASE("4: a deadlock names who waits for whom") {
    const finished done = run(fakelab({"mishap", "--kind", "deadlock"}));
    CHECK(has(done.out, "✗ broken   no deadlock"));
    CHECK(has(done.out, "plato waits: lock on right fork, held by kant"));
    CHECK(has(done.out, "kant waits: lock on left fork, held by plato"));
}

TEST_CASE("4: a leak names the fiber and what it waits for") {
    const finished done = run(fakelab({"mishap", "--kind", "leak"}));
    CHECK(has(done.out, "✗ broken   every fiber ended"));
    CHECK(has(done.out, "forgotten waits: pop on never filled"));
}

TEST_CASE("5: an invariant without a case is inconclusive") {
    const finished done = run(fakelab({"relay", "--variant", "unjudged", "--json"}));
    CHECK(done.exit_code == 5);
    CHECK(invalidity_of_result(done.out) == "");
    CHECK(has(done.out, R"("verdict": "inconclusive")"));
}

TEST_CASE("a command that ran a program ends with its code") {
    CHECK(code_of({"start", "--", "sh", "-c", "exit 7"}) == 7);
    CHECK(code_of({"start", "--", "true"}) == 0);
    CHECK(code_of({"start", "--", "sh", "-c", "kill -9 $$"}) == 128 + SIGKILL);
    CHECK(code_of({"start", "--", "no such program"}) == 127);
    CHECK(code_of({"start", "--", "/etc/passwd"}) == 126);
}

TEST_CASE("130 and 143: a signal ends the run after what there is was printed") {
    for (const int number : {SIGINT, SIGTERM}) {
        child running{fakelab({"endless", "--time", "real", "--duration", "1h", "--format", "ndjson"})};
        REQUIRE(running.wait_for_output(R"("event":"step")"));
        running.send(number);
        const finished done = running.finish();
        CHECK(done.exit_code == 128 + number);
        const std::size_t last = done.out.rfind('\n', done.out.size() - 2) + 1;
        CHECK(invalidity_of_result(done.out.substr(last)) == "");
        CHECK(has(done.out.substr(last), R"("verdict":"held")"));
    }
}

TEST_CASE("an interrupted story says what stopped it") {
    child running{fakelab({"endless", "--time", "real", "--duration", "1h"})};
    REQUIRE(running.wait_for_output("step"));
    running.send(SIGINT);
    const finished done = running.finish();
    CHECK(done.exit_code == 130);
    CHECK(has(done.out, "Stopped by SIGINT: the figures are of what ran until then."));
    CHECK(has(done.out, "Exit code 130. Again: fiberlab endless --duration 1h --time real --seed 1"));
    CHECK(done.err.empty());
}

TEST_CASE("the code of a program that was interrupted with the run is the run's") {
    child running{fakelab({"endless", "--time", "real", "--duration", "1h", "--code", "9"})};
    REQUIRE(running.wait_for_output("step"));
    running.send(SIGTERM);
    CHECK(running.finish().exit_code == 9);
}

TEST_CASE("a second signal ends a run that does not hear the first") {
    child running{fakelab({"endless", "--deaf", "--time", "real", "--duration", "1h"})};
    REQUIRE(running.wait_for_output("step"));
    running.send(SIGINT);
    running.send(SIGINT);
    // Both may have been one by the time they were delivered.
    while (!running.ended_within(std::chrono::milliseconds{20})) {
        running.send(SIGINT);
    }
    CHECK(running.finish().exit_code == 130);
}

TEST_CASE("the verdict decides the code, unless a signal or a program did") {
    using cli::exit_code_of;
    demo::report plain;
    demo::report child;
    child.exit_code = 7;
    CHECK(exit_code_of(plain, demo::verdict::held, 0) == 0);
    CHECK(exit_code_of(plain, demo::verdict::broken, 0) == 4);
    CHECK(exit_code_of(plain, demo::verdict::inconclusive, 0) == 5);
    CHECK(exit_code_of(plain, demo::verdict::broken, SIGINT) == 130);
    CHECK(exit_code_of(child, demo::verdict::held, 0) == 7);
    CHECK(exit_code_of(child, demo::verdict::inconclusive, 0) == 7);
    CHECK(exit_code_of(child, demo::verdict::broken, 0) == 4);
    CHECK(exit_code_of(child, demo::verdict::held, SIGTERM) == 7);
}

TEST_CASE("every run is held to the standard invariants") {
    run_outcome outcome;
    outcome.fibers = 3;
    demo::report report = cli::with_standard_invariants({}, outcome);
    REQUIRE(report.invariants.size() == 2);
    CHECK(demo::judge(report) == demo::verdict::held);

    outcome.how = run_outcome::kind::livelock;
    outcome.message = "2,000,000 points without time going on";
    outcome.steps = 2'000'000;
    report = cli::with_standard_invariants({}, outcome);
    CHECK(demo::judge(report) == demo::verdict::broken);
    CHECK(report.invariants.back().detail == outcome.message);

    outcome.how = run_outcome::kind::completed;
    outcome.unguarded_stacks = 5;
    CHECK(has(cli::with_standard_invariants({}, outcome).notes.at(0), "5 fibers ran without a guard page"));
}

}  // namespace fiberlab::test
