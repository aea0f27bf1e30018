// The helper that runs programs for the other tests here.
#include "tests/support/child.hpp"

#include <doctest/doctest.h>

#include <csignal>

#include "tests/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fiberlab::test {

using namespace std::chrono_literals;

TEST_CASE("a child's output, errors and exit code are collected") {
    const finished done = run({.arguments = {"sh", "-c", "echo out; echo err >&2; exit 7"}});
    CHECK(done.out == "out\n");
    CHECK(done.err == "err\n");
    CHECK(done.exit_code == 7);
    CHECK(done.signal == 0);
    CHECK_FALSE(done.timed_out);
}

TEST_CASE("a child is fed while its output is read, however much that is") {
    const std::string much(3'000'000, 'x');
    const finished done = run({.arguments = {"cat"}, .input = much});
    CHECK(done.out.size() == much.size());
    CHECK(done.exit_code == 0);
}

TEST_CASE("a child that does not end in time is killed") {
    const finished done = run({.arguments = {"sleep", "1000"}, .patience = 50ms});
    CHECK(done.timed_out);
}

TEST_CASE("a signal reaches the child once it says that it is ready") {
    child running{{.arguments = {"sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do read line; done"},
                   .keep_input_open = true}};
    REQUIRE(running.wait_for_output("ready"));
    running.send(SIGTERM);
    running.send(SIGKILL);
    const finished done = running.finish();
    CHECK((done.exit_code == 9 || done.signal == SIGKILL));
}

TEST_CASE("output that never comes is not waited for longer than the child lives") {
    child running{{.arguments = {"true"}}};
    CHECK_FALSE(running.wait_for_output("ready"));
    CHECK(running.finish().exit_code == 0);
}

TEST_CASE("a child can lose its reader, or have no output from the start") {
    child running{{.arguments = {"sh", "-c", "read line; echo lost; echo $? >&2"}, .keep_input_open = true}};
    running.close_output();
    CHECK(running.finish().signal == SIGPIPE);
    const finished none = run({.arguments = {"sh", "-c", "echo lost 2>/dev/null || echo none >&2"}, .no_stdout = true});
    CHECK(none.err == "none\n");
}

TEST_CASE("a child can have a terminal") {
    const finished done = run({.arguments = {"sh", "-c", "test -t 1 && test -t 2 && stty size <&1"}, .terminal = true});
    CHECK(done.out == "24 80\r\n");
}

TEST_CASE("variables that steer the program are not inherited") {
    const finished done = run({.arguments = {"sh", "-c", "echo $NO_COLOR,$FIBERLAB_SEED,$TERM,${HOME+home}"},
                               .environment = {{"FIBERLAB_SEED", "5"}, {"HOME", std::nullopt}}});
    CHECK(done.out == ",5,xterm-256color,\n");
}

TEST_CASE("what children leave behind is noticed") {
    adopt_orphans();
    const temporary_folder folder;
    const finished done = run({.arguments = {"sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!"}});
    const auto orphan = static_cast<pid_t>(std::stol(done.out));
    CHECK_FALSE(no_child_left(20ms));
    ::kill(orphan, SIGKILL);
    CHECK(no_child_left(10s));
}

}  // namespace fiberlab::test
