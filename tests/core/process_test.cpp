#include "patterns/core/process.hpp"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <string>

#include "patterns/core/keeper.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/task_group.hpp"
#include "tests/support/child.hpp"
#include "tests/support/child_role.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;

namespace {

const test::child_role keeper{keeper_role, [](int argc, char** argv) { return run_keeper(argc, argv).value_or(99); }};

template <class Body>
void in_real_time(Body&& body) {
    const run_outcome done = run({.mode = run_mode::real}, [&] { body(); });
    if (done.error != nullptr) {
        std::rethrow_exception(done.error);
    }
    REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
}

std::string read_all(int number) {
    byte_reader from{number};
    std::string all;
    std::array<char, 5000> part{};
    for (auto n = from.read(part); n && *n > 0; n = from.read(part)) {
        all.append(part.data(), *n);
    }
    return all;
}

process shell(const std::string& script, stream output = stream::piped) {
    auto started = process::start({.arguments = {"sh", "-c", script}, .output = output});
    REQUIRE_MESSAGE(started, (started ? "" : started.error().message));
    return std::move(*started);
}

bool alive(pid_t id) {
    return ::kill(id, 0) == 0;
}

// A child that starts another one, which leaves the session and the group, and prints its id.
constexpr const char* runaway = "setsid sh -c 'echo $$; exec sleep 1000' & wait";

// Starts such a family, prints the ids and waits to be killed.
const test::child_role parent_of_runaway{"__parent_of_runaway", [](int, char**) {
                                             run({.mode = run_mode::real}, [] {
                                                 const auto child =
                                                     process::start({.arguments = {"sh", "-c", runaway}});
                                                 if (child) {
                                                     sleep_for(1h);
                                                 }
                                             });
                                             return 0;
                                         }};

}  // namespace

TEST_CASE("output, exit code and fatal signal of a child") {
    in_real_time([] {
        process child = shell("echo out; exit 7");
        CHECK(read_all(child.output()) == "out\n");
        CHECK(child.wait()->code == 7);
        CHECK(child.wait()->shell_code() == 7);
        process killed = shell("kill -USR1 $$");
        CHECK(killed.wait()->signal == SIGUSR1);
        CHECK(killed.wait()->shell_code() == 128 + SIGUSR1);
    });
}

TEST_CASE("a program that is not there is 127, one that can't be executed 126") {
    in_real_time([] {
        const auto missing = process::start({.arguments = {"no-such-program-anywhere"}});
        REQUIRE(!missing);
        CHECK(missing.error().exit_code == 127);
        CHECK(missing.error().message.find("no-such-program-anywhere") != std::string::npos);
        const auto data = process::start({.arguments = {"/etc/passwd"}});
        REQUIRE(!data);
        CHECK(data.error().exit_code == 126);
        CHECK(!process::start({}));
    });
}

TEST_CASE("input, environment and arguments reach the child") {
    in_real_time([] {
        auto child = process::start({.arguments = {"sh", "-c", "cat; echo \"$GREETING $1\"", "sh", "two words"},
                                     .environment = {{"GREETING", "hello"}},
                                     .input = stream::piped,
                                     .output = stream::piped});
        REQUIRE(child);
        {
            byte_writer to{child->input()};
            REQUIRE(to.write("from us\n"));
        }
        child->close_input();
        CHECK(read_all(child->output()) == "from us\nhello two words\n");
        CHECK(child->wait()->code == 0);
    });
}

TEST_CASE("a wait ends by deadline or stop and can be repeated") {
    in_real_time([] {
        process child = shell("exec sleep 1000");
        CHECK(child.wait({}, after(5ms)).error() == status::timeout);
        const stop_source stop;
        stop.request_stop();
        CHECK(child.wait(stop.token()).error() == status::stopped);
        child.signal(SIGTERM);
        CHECK(child.wait()->signal == SIGTERM);
    });
}

TEST_CASE("terminate is polite first") {
    in_real_time([] {
        process polite = shell("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done");
        byte_reader from{polite.output()};
        std::array<char, 3> up{};
        REQUIRE(from.read(up));
        CHECK(polite.terminate(5s).code == 3);
        process stubborn = shell("trap '' TERM; echo up; while :; do sleep 0.01; done");
        byte_reader from_stubborn{stubborn.output()};
        REQUIRE(from_stubborn.read(up));
        CHECK(stubborn.terminate(20ms).signal == SIGKILL);
    });
}

TEST_CASE("when a child ends, what it started ends too, even what left its session") {
    in_real_time([] {
        process child = shell("setsid sh -c 'echo $$; exec sleep 1000' & read -r x < /dev/null; sleep 0.1");
        byte_reader from{child.output()};
        std::array<char, 32> text{};
        REQUIRE(from.read(text));
        const pid_t grandchild = std::stoi(std::string{text.data()});
        CHECK(alive(grandchild));
        CHECK(child.wait()->code == 0);
        CHECK(!alive(grandchild));
    });
}

TEST_CASE("a handle that goes takes the whole family with it") {
    in_real_time([] {
        pid_t grandchild = 0;
        {
            const process child = shell(runaway);
            byte_reader from{child.output()};
            std::array<char, 32> text{};
            REQUIRE(from.read(text));
            grandchild = std::stoi(std::string{text.data()});
            CHECK(alive(grandchild));
        }
        CHECK(!alive(grandchild));
    });
}

TEST_CASE("a program killed by SIGKILL leaves no child and no grandchild") {
    test::adopt_orphans();
    test::child parent{{.arguments = {"/proc/self/exe", "__parent_of_runaway"}}};
    REQUIRE(parent.wait_for_output("\n"));
    parent.send(SIGKILL);
    const test::finished done = parent.finish();
    CHECK(done.signal == SIGKILL);
    CHECK(test::no_child_left(1s));
    CHECK(!alive(std::stoi(done.out)));
}
