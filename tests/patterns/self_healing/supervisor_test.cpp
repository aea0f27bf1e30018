#include "patterns/self_healing/supervisor.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "patterns/core/process.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "tests/support/child.hpp"
#include "tests/support/child_role.hpp"

namespace fiberlab {

namespace {

using namespace std::chrono_literals;

// ---- this executable again, as a supervisor of a child process

const test::child_role keeper{"__keeper", [](int argc, char** argv) { return run_keeper(argc, argv).value_or(125); }};

constexpr int closed_output = 77;

// Supervises the command after "--" and prints how it ended.
int supervise_as_told(int argc, char** argv) {
    supervisor_settings settings;
    settings.keep.restarts = {.restarts = 2, .window = 1min, .back_off = 1ms, .most = 1ms};
    for (int i = 2; i < argc; ++i) {
        const std::string word{argv[i]};
        if (word == "--") {
            settings.command.assign(argv + i + 1, argv + argc);
            break;
        }
        if (word == "always") {
            settings.keep.always = true;
        } else if (word == "listen") {
            settings.timeout = 300ms;
        } else if (word == "impatient") {
            settings.grace = 100ms;
        }
    }
    for (const int number : {SIGINT, SIGTERM}) {
        std::signal(number, request_interrupt);
    }
    std::signal(SIGPIPE, SIG_IGN);
    // What a shell says of its killed children is of no interest to who reads the tests' output.
    [[maybe_unused]] const auto* const quiet = std::freopen("/dev/null", "w", stderr);
    supervision made;
    const run_outcome done = run({.mode = run_mode::real}, [&] { made = supervise(settings, run_stop()); });
    bool gone = done.how == run_outcome::kind::completed;
    for (const child_run& each : made.runs) {
        gone = gone && each.gone;
    }
    std::cout << to_string(made.kept.last.how) << ' ' << made.exit_code << " after " << made.runs.size()
              << (gone ? "" : ", and something was left") << '\n';
    return made.output_closed ? closed_output : made.exit_code;
}

const test::child_role supervisor_role{"__supervise", supervise_as_told};

constexpr auto patience = 20s;

test::launch supervisor(std::vector<std::string> how, const std::vector<std::string>& command) {
    how.insert(how.begin(), {"/proc/self/exe", "__supervise"});
    how.emplace_back("--");
    how.insert(how.end(), command.begin(), command.end());
    return {.arguments = std::move(how)};
}

// What a supervised shell script printed, and after it what came of it; nothing may be left running.
std::string supervised(const std::vector<std::string>& how, const std::string& script) {
    test::adopt_orphans();
    const test::finished done = test::run(supervisor(how, {"sh", "-c", script}));
    CHECK(test::no_child_left(patience));
    return done.out;
}

}  // namespace

TEST_CASE("a child that fails is restarted until the budget is spent, and its code is the last") {
    CHECK(supervised({}, "echo up; exit 3") == "up\nup\nup\nfailed 3 after 3\n");
    CHECK(supervised({"listen"}, "echo up; exit 3") == "up\nup\nup\nfailed 3 after 3\n");
}

TEST_CASE("a child that finishes is not restarted, unless always") {
    CHECK(supervised({}, "echo up") == "up\nfinished 0 after 1\n");
    CHECK(supervised({"always"}, "echo up") == "up\nup\nup\nfinished 0 after 3\n");
}

TEST_CASE("a silent child is ended, one that prints is left alone") {
    CHECK(supervised({"listen"}, "echo up; sleep 1000") == "up\nup\nup\nsilent 143 after 3\n");
    CHECK(supervised({"listen"}, "for i in 1 2 3 4 5 6 7; do echo $i >&2; sleep 0.1; done; echo done") ==
          "done\nfinished 0 after 1\n");
}

TEST_CASE("a silent child that says 0 after all has not succeeded") {
    CHECK(supervised({"listen"}, "trap 'exit 0' TERM; while :; do sleep 0.05; done") == "silent 124 after 3\n");
}

TEST_CASE("a child that ignores the signal is killed when its grace is over") {
    CHECK(supervised({"listen", "impatient"}, "trap '' TERM; while :; do sleep 1000; done") == "silent 137 after 3\n");
}

TEST_CASE("what a child starts ends with it, in a session of its own or not") {
    CHECK(supervised({}, "setsid sh -c 'sleep 1000 & sleep 1000' > /dev/null & (sleep 1000 > /dev/null &); exit 0") ==
          "finished 0 after 1\n");
}

TEST_CASE("a signal is passed on to the child, and waited for") {
    const std::string script =
        "trap 'echo interrupted; exit 9' INT; trap 'echo terminated; exit 9' TERM; (setsid sleep 1000 > /dev/null &); "
        "echo up; while :; do sleep 0.05; echo . >&2; done";
    test::adopt_orphans();
    for (const int number : {SIGINT, SIGTERM}) {
        for (const std::string how : {"wait", "listen"}) {
            test::child running{supervisor({how}, {"sh", "-c", script})};
            REQUIRE(running.wait_for_output("up\n"));
            running.send(number);
            CHECK(running.finish().out ==
                  "up\n" + std::string{number == SIGINT ? "interrupted" : "terminated"} + "\nstopped 9 after 1\n");
            CHECK(test::no_child_left(patience));
        }
    }
}

TEST_CASE("nothing outlives a supervisor that is killed") {
    test::adopt_orphans();
    test::child running{supervisor({}, {"sh", "-c", "(setsid sleep 1000 > /dev/null &); echo up; sleep 1000"})};
    REQUIRE(running.wait_for_output("up\n"));
    running.send(SIGKILL);
    CHECK(running.finish().signal == SIGKILL);
    CHECK(test::no_child_left(patience));
}

TEST_CASE("a program that is not there or not executable is not tried again") {
    CHECK(test::run(supervisor({}, {"/nonexistent/program"})).out == "hopeless 127 after 0\n");
    CHECK(test::run(supervisor({}, {"/etc/passwd"})).out == "hopeless 126 after 0\n");
}

TEST_CASE("output passes through unchanged, all of it") {
    std::string wanted;
    for (int i = 1; i <= 200'000; ++i) {
        wanted += std::to_string(i) + "\n";
    }
    CHECK(supervised({"listen"}, "seq 1 200000") == wanted + "finished 0 after 1\n");
}

TEST_CASE("a reader of the output that goes away ends it, without a restart") {
    test::adopt_orphans();
    for (const std::string how : {"wait", "listen"}) {
        test::child running{supervisor({how, "impatient"}, {"yes"})};
        REQUIRE(running.wait_for_output("y\n"));
        running.close_output();
        CHECK(running.finish().exit_code == closed_output);
        CHECK(test::no_child_left(patience));
    }
}

}  // namespace fiberlab
