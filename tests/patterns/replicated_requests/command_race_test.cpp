#include "patterns/replicated_requests/command_race.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "patterns/core/process.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "tests/support/child.hpp"
#include "tests/support/child_role.hpp"

namespace fiberlab {

namespace {

using namespace std::chrono_literals;

const test::child_role keeper{"__keeper", [](int argc, char** argv) { return run_keeper(argc, argv).value_or(125); }};

constexpr int closed_output = 77;
constexpr std::size_t output_limit = 50'000'000;

// Races three copies of the command after the role's name; what came of it is told on standard error, after theirs.
int race_as_told(int argc, char** argv) {
    race_settings settings{.command = {argv + 2, argv + argc},
                           .replicas = 3,
                           .most_output = output_limit,
                           .grace = std::chrono::milliseconds{100}};
    if (std::string_view{argv[1]} == "__race_aloud") {
        settings.on_start = [](std::size_t /*replica*/, const process& /*copy*/) { std::cerr << '*'; };
    }
    for (const int number : {SIGINT, SIGTERM}) {
        std::signal(number, request_interrupt);
    }
    std::signal(SIGPIPE, SIG_IGN);
    race_result made;
    const run_outcome done = run({.mode = run_mode::real}, [&] { made = race_commands(settings, run_stop()); });
    for (const auto& each : made.copies) {
        if (!each->gone) {
            std::cerr << "something was left\n";
        }
    }
    if (done.how != run_outcome::kind::completed) {
        std::cerr << done.message << '\n';
    }
    if (made.none_started) {
        std::cerr << made.outcome.why() << '\n';
    }
    return made.output_closed ? closed_output : made.exit_code;
}

const test::child_role racer{"__race", race_as_told};
const test::child_role loud_racer{"__race_aloud", race_as_told};

constexpr auto patience = 20s;

test::launch racing(const std::vector<std::string>& command, const std::string& role = "__race") {
    std::vector<std::string> all{"/proc/self/exe", role};
    all.insert(all.end(), command.begin(), command.end());
    return {.arguments = std::move(all)};
}

test::finished raced(const std::string& script) {
    test::adopt_orphans();
    test::finished done = test::run(racing({"sh", "-c", script}));
    CHECK(test::no_child_left(patience));
    return done;
}

}  // namespace

TEST_CASE("the first copy that succeeds is the only one that is heard") {
    const test::finished done =
        raced("echo out $FIBERLAB_REPLICA; echo err $FIBERLAB_REPLICA >&2; [ $FIBERLAB_REPLICA = 1 ] || sleep 1000");
    CHECK(done.exit_code == 0);
    CHECK(done.out == "out 1\n");
    CHECK(done.err == "err 1\n");
}

TEST_CASE("a copy that fails first does not win") {
    const test::finished done = raced("echo $FIBERLAB_REPLICA; [ $FIBERLAB_REPLICA = 2 ] && sleep 0.2 || exit 9");
    CHECK(done.exit_code == 0);
    CHECK(done.out == "2\n");
    CHECK(done.err.empty());
}

TEST_CASE("when all fail there is no output but the last one's errors, and its code") {
    const test::finished done = raced(
        "echo no; sleep 0.$FIBERLAB_REPLICA$FIBERLAB_REPLICA; echo err $FIBERLAB_REPLICA >&2; "
        "exit 1$FIBERLAB_REPLICA");
    CHECK(done.exit_code == 12);
    CHECK(done.out.empty());
    CHECK(done.err == "err 2\n");
}

TEST_CASE("the losers are ended with all that they started, sessions of their own and deaf ones included") {
    const test::finished done = raced(
        "[ $FIBERLAB_REPLICA = 0 ] && echo won && exit; trap '' TERM; (setsid sleep 1000 > /dev/null 2>&1 &); "
        "sleep 1000; sleep 1000");
    CHECK(done.exit_code == 0);
    CHECK(done.out == "won\n");
}

TEST_CASE("a large output comes whole, one that never ends is a failure") {
    CHECK(raced("seq 1 3000000; [ $FIBERLAB_REPLICA = 0 ] || sleep 1000").out.size() == 22'888'896);
    const test::finished endless = raced("yes");
    CHECK(endless.exit_code == 125);
    CHECK(endless.out.empty());
}

TEST_CASE("a signal to the racer ends all copies") {
    test::adopt_orphans();
    for (const int number : {SIGINT, SIGTERM, SIGKILL}) {
        test::child running{racing({"sh", "-c", "(setsid sleep 1000 > /dev/null 2>&1 &); sleep 1000"}, "__race_aloud")};
        REQUIRE(running.wait_for_error("***"));
        running.send(number);
        const test::finished done = running.finish();
        CHECK_FALSE(done.timed_out);
        CHECK(done.signal == (number == SIGKILL ? SIGKILL : 0));
        CHECK(done.out.empty());
        CHECK(test::no_child_left(patience));
    }
}

TEST_CASE("a program that can't be executed is told once") {
    const test::finished missing = test::run(racing({"/nonexistent/program"}));
    CHECK(missing.exit_code == 127);
    CHECK(missing.err.find("No such file or directory") != std::string::npos);
    CHECK(test::run(racing({"/etc/passwd"})).exit_code == 126);
}

}  // namespace fiberlab
