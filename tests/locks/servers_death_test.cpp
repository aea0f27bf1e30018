#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>

#include "locks/servers/binaries.hpp"
#include "locks/servers/servers.hpp"
#include "tests/locks/servers_support.hpp"
#include "tests/support/child.hpp"
#include "tests/support/files.hpp"
#include "tests/support/readable.hpp"
#include "tests/support/scoped_variable.hpp"
#include "tests/support/server_talk.hpp"

namespace fs = std::filesystem;

namespace fiberlab::servers {

using namespace std::chrono_literals;

namespace {

// How many System V shared memory segments are there that this process made.
int segments_of(pid_t creator) {
    std::ifstream table{"/proc/sysvipc/shm"};
    std::string line;
    std::getline(table, line);
    int found = 0;
    while (std::getline(table, line)) {
        std::istringstream columns{line};  // key shmid perms size cpid …
        std::string skipped;
        pid_t made_by = -1;
        columns >> skipped >> skipped >> skipped >> skipped >> made_by;
        found += made_by == creator ? 1 : 0;
    }
    return found;
}

const server_report nothing{.how = "no report"};

}  // namespace

TEST_CASE_FIXTURE(server_test, "a program that is killed at any moment leaves nothing a second later") {
    if (!have_servers()) {
        return;
    }
    REQUIRE(starts_postgres(folder.path()));  // the template exists from here on
    for (const auto moment : {0ms, 1ms, 3ms, 6ms, 10ms, 15ms, 20ms, 30ms, 40ms, 60ms, 80ms, 120ms}) {
        CAPTURE(moment.count());
        const auto program = hold_servers(folder.path(), 2, 1);
        REQUIRE_FALSE(test::no_child_left(moment));
        program->send(SIGKILL);
        CHECK(test::no_child_left(gone_limit));
        CHECK(entries(folder.path()) == 0);
    }
}

TEST_CASE_FIXTURE(server_test, "a program that is ended while its servers run leaves nothing a second later") {
    if (!have_servers()) {
        return;
    }
    for (const int number : {SIGKILL, SIGINT, SIGTERM, SIGSEGV}) {
        CAPTURE(number);
        const auto program = hold_servers(folder.path(), 1, 1);
        REQUIRE(program->wait_for_output("started"));
        program->send(number);
        CHECK(test::no_child_left(gone_limit));
        CHECK(entries(folder.path()) == 0);
    }
}

TEST_CASE_FIXTURE(server_test, "a program that is killed while initdb runs leaves nothing a second later") {
    if (!have_servers()) {
        return;
    }
    const test::temporary_folder scripts;
    const signal_pipe here{scripts.path() / "here"};
    const fs::path real = *find_postgres_bin() / "initdb";
    for (const auto moment : {0ms, 50ms, 100ms, 150ms, 200ms, 250ms, 300ms}) {
        CAPTURE(moment.count());
        const test::temporary_folder cache;
        const test::scoped_variable own_cache{"XDG_CACHE_HOME", cache.path()};
        const test::temporary_folder programs;
        const test::scoped_variable bin{
            "FIBERLAB_POSTGRES_BIN",
            fake_postgres(programs.path(), here.script_line() + "exec " + real.native() + " \"$@\"\n")};
        const auto program = hold_servers(folder.path(), 1, 1);
        REQUIRE(here.wait());
        REQUIRE_FALSE(test::no_child_left(moment));
        program->send(SIGKILL);
        CHECK(test::no_child_left(gone_limit));
        CHECK(entries(folder.path()) == 0);
    }
}

TEST_CASE_FIXTURE(server_test, "a stopped Postgres is ended all the same") {
    if (!have_servers()) {
        return;
    }
    test::adopt_orphans();
    {
        const auto started = private_servers::start({.postgres = 1, .folder = folder.path()});
        REQUIRE_MESSAGE(started, started.error().message);
        ::kill(started->postgres().pid, SIGSTOP);
    }
    CHECK(test::no_child_left(gone_limit));
    CHECK(entries(folder.path()) == 0);
}

TEST_CASE_FIXTURE(server_test, "the folder of a dead guardian is swept, that of a living one is not") {
    if (!have_servers()) {
        return;
    }
    const fs::path dead = folder.path() / "fiberlab-dead00";
    const fs::path living = folder.path() / "fiberlab-living";
    fs::create_directories(dead / "redis-0");
    test::write_file(dead / "redis-0" / "redis.log", "old");
    fs::create_directories(living);
    const unique_fd lock{::open(living.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    REQUIRE(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0);

    const auto first = private_servers::start({.redis = 1, .folder = folder.path()});
    REQUIRE_MESSAGE(first, first.error().message);
    CHECK_FALSE(fs::exists(dead));
    CHECK(fs::exists(living));
    const auto second = private_servers::start({.redis = 1, .folder = folder.path()});
    REQUIRE_MESSAGE(second, second.error().message);
    CHECK(test::talk(first->redis().socket, "PING\r\n") == "+PONG\r\n");
}

TEST_CASE_FIXTURE(server_test, "servers end with a guardian that is killed, and the next start sweeps its folder") {
    if (!have_servers()) {
        return;
    }
    test::adopt_orphans();
    auto started = private_servers::start({.redis = 1, .postgres = 1, .folder = folder.path()});
    REQUIRE_MESSAGE(started, started.error().message);
    CHECK_FALSE(started->next_report());
    ::kill(started->guardian(), SIGKILL);
    CHECK(test::no_child_left(gone_limit));
    REQUIRE(test::readable(started->status_fd(), gone_limit));
    CHECK(started->next_report().value_or(nothing).event == server_report::event_kind::guardian_ended);
    CHECK_FALSE(started->next_report());
    CHECK(entries(folder.path()) == 1);

    const auto next = private_servers::start({.redis = 1, .folder = folder.path()});
    REQUIRE_MESSAGE(next, next.error().message);
    CHECK(entries(folder.path()) == 1);
    CHECK(next->folder() != started->folder());
}

TEST_CASE_FIXTURE(server_test, "a server that is killed is reported, once, and the others run on") {
    if (!have_servers()) {
        return;
    }
    auto started = private_servers::start({.redis = 2, .postgres = 1, .folder = folder.path()});
    REQUIRE_MESSAGE(started, started.error().message);
    const pid_t postgres = started->postgres().pid;
    CHECK(segments_of(postgres) == 1);
    for (const std::size_t victim : {1U, 2U}) {
        ::kill(started->servers()[victim].pid, SIGKILL);
        REQUIRE(test::readable(started->status_fd(), gone_limit));
        const server_report report = started->next_report().value_or(nothing);
        CHECK(report.event == server_report::event_kind::server_ended);
        CHECK(report.server == victim);
        CHECK(report.how == "ended by signal 9 (Killed)");
        CHECK_FALSE(started->next_report());
    }
    CHECK(test::talk(started->redis(0).socket, "PING\r\n") == "+PONG\r\n");
    started->stop();
    CHECK(entries(folder.path()) == 0);
    CHECK(segments_of(postgres) == 0);
}

TEST_CASE_FIXTURE(server_test, "no signal of the terminal reaches guardian or servers") {
    if (!have_servers()) {
        return;
    }
    const auto started = private_servers::start({.redis = 1, .folder = folder.path()});
    REQUIRE_MESSAGE(started, started.error().message);
    CHECK(::getsid(started->guardian()) != ::getsid(0));
    CHECK(::getsid(started->redis().pid) == ::getsid(started->guardian()));
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) {
        ::kill(started->guardian(), number);
    }
    CHECK(test::talk(started->redis().socket, "PING\r\n") == "+PONG\r\n");
}

TEST_CASE_FIXTURE(server_test, "a forked copy of the program stops nothing") {
    if (!have_servers()) {
        return;
    }
    auto started = private_servers::start({.redis = 1, .folder = folder.path()});
    REQUIRE_MESSAGE(started, started.error().message);
    const pid_t copy = ::fork();
    if (copy == 0) {
        started->stop();
        ::_exit(0);
    }
    ::waitpid(copy, nullptr, 0);
    CHECK(test::talk(started->redis().socket, "PING\r\n") == "+PONG\r\n");
}

TEST_CASE_FIXTURE(server_test, "a start that is cancelled leaves nothing, not even what initdb had started") {
    if (!have_servers()) {
        return;
    }
    const test::temporary_folder cache;
    const test::scoped_variable own_cache{"XDG_CACHE_HOME", cache.path()};
    const test::temporary_folder programs;
    const signal_pipe here{programs.path() / "here"};
    // An initdb that never ends, nor does its child when it has lost its parent.
    const test::scoped_variable bin{
        "FIBERLAB_POSTGRES_BIN",
        fake_postgres(programs.path(), "tail -f /dev/null &\n" + here.script_line() + "wait\n")};
    test::adopt_orphans();
    std::stop_source cancel;
    start_failure kind = start_failure::failed;
    {
        const std::jthread helper{[&] {
            const auto started = private_servers::start({.postgres = 1, .folder = folder.path()}, cancel.get_token());
            kind = started ? start_failure::failed : started.error().kind;
        }};
        CHECK(here.wait());
        cancel.request_stop();
    }
    CHECK(kind == start_failure::cancelled);
    CHECK(test::no_child_left(0ms));
    CHECK(entries(folder.path()) == 0);
}

}  // namespace fiberlab::servers
