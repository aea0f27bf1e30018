#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "locks/servers/binaries.hpp"
#include "locks/servers/servers.hpp"
#include "tests/support/child.hpp"
#include "tests/support/child_role.hpp"
#include "tests/support/files.hpp"
#include "tests/support/readable.hpp"
#include "tests/support/scoped_variable.hpp"
#include "tests/support/server_talk.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fs = std::filesystem;

namespace fiberlab::servers {

namespace {

using namespace std::chrono_literals;

constexpr auto start_limit = 60s;  // of a start with initdb on a busy machine
constexpr auto gone_limit = 1s;    // the promise

// A program that starts servers, says so and then waits to be ended.
int hold_servers(int argc, char** argv) {
    if (argc != 5) {
        return 2;
    }
    const auto started =
        private_servers::start({.redis = std::stoi(argv[3]), .postgres = std::stoi(argv[4]), .folder = argv[2]});
    std::puts(started ? "started" : started.error().message.c_str());
    std::fflush(stdout);
    for (;;) {
        ::pause();
    }
}

const test::child_role holder{"__hold-servers", hold_servers};

std::unique_ptr<test::child> hold(const fs::path& folder, int redis, int postgres) {
    test::adopt_orphans();
    test::launch how{
        .arguments = {"/proc/self/exe", "__hold-servers", folder, std::to_string(redis), std::to_string(postgres)},
        .environment = {}};
    if (const char* bin = std::getenv("FIBERLAB_POSTGRES_BIN")) {
        how.environment.emplace_back("FIBERLAB_POSTGRES_BIN", bin);
    }
    return std::make_unique<test::child>(std::move(how));
}

bool starts_postgres(const fs::path& folder) {
    const auto started = private_servers::start({.postgres = 1, .folder = folder});
    return started.has_value();
}

std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator{folder}, fs::directory_iterator{}));
}

bool is_running(pid_t pid) {
    return ::kill(pid, 0) == 0;
}

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

// Says which tests can't run here instead of passing them over.
bool have_servers() {
    const auto redis = find_redis_server();
    const auto postgres = find_postgres_bin();
    if (!redis || !postgres) {
        std::cout << "cannot run: a test of private servers: "
                  << (redis ? postgres.error().message : redis.error().message) << '\n';
    }
    return redis && postgres;
}

// One template for all tests that don't ask for their own.
struct server_test {
    server_test() {
        static const test::temporary_folder cache;
        variable = std::make_unique<test::scoped_variable>("XDG_CACHE_HOME", cache.path());
    }
    std::unique_ptr<test::scoped_variable> variable;
    test::temporary_folder folder;  // for lab folders
};

// A folder of Postgres programs whose initdb is a script of ours.
fs::path fake_postgres(const fs::path& where, const std::string& script) {
    const fs::path bin = where / "postgresql" / find_postgres_bin()->parent_path().filename() / "bin";
    fs::create_directories(bin);
    fs::permissions(where / "postgresql", fs::perms{0755});
    fs::permissions(bin.parent_path(), fs::perms{0755});
    fs::permissions(bin, fs::perms{0755});
    fs::create_symlink(*find_postgres_bin() / "postgres", bin / "postgres");
    test::write_file(bin / "initdb", "#!/bin/sh\n" + script);
    fs::permissions(bin / "initdb", fs::perms{0755});
    return bin;
}

// Tells the test that initdb runs: opening the pipe for writing waits for the test to open it for reading.
class signal_pipe {
public:
    explicit signal_pipe(fs::path path) : path_{std::move(path)} {
        REQUIRE(::mkfifo(path_.c_str(), 0622) == 0);
        REQUIRE(::chmod(path_.c_str(), 0622) == 0);
        fd_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    signal_pipe(signal_pipe&&) = delete;
    ~signal_pipe() { ::close(fd_); }

    std::string script_line() const { return "echo here > " + path_.native() + "\n"; }
    bool wait() const { return test::readable(fd_, start_limit); }

private:
    fs::path path_;
    int fd_ = -1;
};

}  // namespace

TEST_CASE_FIXTURE(server_test, "a private Redis answers on its socket, and nothing is left when it was stopped") {
    if (!have_servers()) {
        return;
    }
    auto started = private_servers::start({.redis = 1, .folder = folder.path()});
    REQUIRE_MESSAGE(started, started.error().message);
    const server redis = started->redis();
    CHECK(redis.url == "unix://" + redis.socket.native());
    CHECK(test::talk(redis.socket, "PING\r\n") == "+PONG\r\n");
    CHECK(is_running(redis.pid));
    const pid_t guardian = started->guardian();
    started->stop();
    CHECK_FALSE(is_running(redis.pid));
    CHECK_FALSE(is_running(guardian));
    CHECK(entries(folder.path()) == 0);
}

TEST_CASE_FIXTURE(server_test, "a private Postgres welcomes its user, and nothing is left when it was stopped") {
    if (!have_servers()) {
        return;
    }
    auto started = private_servers::start({.postgres = 1, .folder = folder.path()});
    REQUIRE_MESSAGE(started, started.error().message);
    const server postgres = started->postgres();
    const std::string socket_folder = postgres.socket.parent_path();
    CHECK(postgres.url == "postgresql:///postgres?host=" + socket_folder + "&port=5432&user=lab");
    CHECK(test::authentication_request(test::talk(postgres.socket, test::postgres_start_up())) == 0);
    started->stop();
    CHECK_FALSE(is_running(postgres.pid));
    CHECK(entries(folder.path()) == 0);
}

TEST_CASE_FIXTURE(server_test, "only we and the servers' account can enter the folder") {
    if (!have_servers()) {
        return;
    }
    const auto started = private_servers::start({.redis = 1, .folder = folder.path()});
    REQUIRE_MESSAGE(started, started.error().message);
    CHECK((fs::status(started->folder()).permissions() & fs::perms::others_all) == fs::perms::none);
    CHECK(fs::status(started->redis().socket.parent_path()).permissions() == fs::perms::owner_all);
}

TEST_CASE_FIXTURE(server_test, "several servers of a kind run side by side, each with its own address") {
    if (!have_servers()) {
        return;
    }
    const auto started = private_servers::start({.redis = 3, .postgres = 2, .folder = folder.path()});
    REQUIRE_MESSAGE(started, started.error().message);
    CHECK(started->servers().size() == 5);
    for (std::size_t index = 0; index < 3; ++index) {
        CHECK(test::talk(started->redis(index).socket, "PING\r\n") == "+PONG\r\n");
    }
    CHECK(test::talk(started->redis(0).socket, "SET a 1\r\n") == "+OK\r\n");
    CHECK(test::talk(started->redis(1).socket, "GET a\r\n") == "$-1\r\n");
    CHECK(started->postgres(0).socket != started->postgres(1).socket);
    CHECK_THROWS_AS(std::ignore = started->redis(3), std::out_of_range);
}

TEST_CASE_FIXTURE(server_test, "over TCP a server wants the password that its URL carries") {
    if (!have_servers()) {
        return;
    }
    const auto started = private_servers::start({.redis = 1, .postgres = 1, .tcp = true, .folder = folder.path()});
    REQUIRE_MESSAGE(started, started.error().message);
    const server& redis = started->redis();
    CHECK(redis.tcp_url == "redis://default:" + redis.password + "@127.0.0.1:" + std::to_string(redis.port));
    CHECK(test::talk(redis.port, "PING\r\n").starts_with("-NOAUTH"));
    CHECK(test::talk(redis.port, "AUTH default " + redis.password + "\r\n") == "+OK\r\n");
    const server& postgres = started->postgres();
    CHECK(postgres.tcp_url ==
          "postgresql://lab:" + postgres.password + "@127.0.0.1:" + std::to_string(postgres.port) + "/postgres");
    constexpr int scram = 10;
    CHECK(test::authentication_request(test::talk(postgres.port, test::postgres_start_up())) == scram);
    CHECK(test::authentication_request(test::talk(postgres.socket, test::postgres_start_up())) == 0);
}

TEST_CASE_FIXTURE(server_test, "options reach the servers, and a bad one fails the start with the server's own words") {
    if (!have_servers()) {
        return;
    }
    const auto started =
        private_servers::start({.redis = 1, .redis_options = {"maxmemory 16mb"}, .folder = folder.path()});
    REQUIRE_MESSAGE(started, started.error().message);
    CHECK(test::talk(started->redis().socket, "CONFIG GET maxmemory\r\n").ends_with("16777216\r\n"));

    const auto redis =
        private_servers::start({.redis = 1, .redis_options = {"no-such-option 1"}, .folder = folder.path()});
    REQUIRE_FALSE(redis);
    CHECK(redis.error().kind == start_failure::failed);
    CHECK(redis.error().message.contains("no-such-option"));
    const auto postgres =
        private_servers::start({.postgres = 1, .postgres_options = {"no_such_option=1"}, .folder = folder.path()});
    REQUIRE_FALSE(postgres);
    CHECK(postgres.error().message.contains("no_such_option"));
    CHECK(entries(folder.path()) == 1);  // the Redis that runs
}

TEST_CASE_FIXTURE(server_test, "a program that is killed at any moment leaves nothing a second later") {
    if (!have_servers()) {
        return;
    }
    REQUIRE(starts_postgres(folder.path()));  // the template exists from here on
    for (const auto moment : {0ms, 1ms, 3ms, 6ms, 10ms, 15ms, 20ms, 30ms, 40ms, 60ms, 80ms, 120ms}) {
        CAPTURE(moment.count());
        const auto program = hold(folder.path(), 2, 1);
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
        const auto program = hold(folder.path(), 1, 1);
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
        const auto program = hold(folder.path(), 1, 1);
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

TEST_CASE_FIXTURE(server_test,
                  "two programs that make the template at once both start, and one whole template is kept") {
    if (!have_servers()) {
        return;
    }
    const test::temporary_folder cache;
    const test::scoped_variable own_cache{"XDG_CACHE_HOME", cache.path()};
    {
        const auto one = hold(folder.path(), 0, 1);
        const auto other = hold(folder.path(), 0, 1);
        CHECK(one->wait_for_output("started"));
        CHECK(other->wait_for_output("started"));
    }
    CHECK(test::no_child_left(gone_limit));
    CHECK(entries(cache.path() / "fiberlab") == 1);

    const test::temporary_folder programs;
    const test::scoped_variable bin{"FIBERLAB_POSTGRES_BIN", fake_postgres(programs.path(), "exit 1\n")};
    const auto third = private_servers::start({.postgres = 1, .folder = folder.path()});
    CHECK_MESSAGE(third, third.error().message);
}

TEST_CASE_FIXTURE(server_test, "a half-made or damaged template is thrown away and made anew") {
    if (!have_servers()) {
        return;
    }
    const test::temporary_folder cache;
    const test::scoped_variable own_cache{"XDG_CACHE_HOME", cache.path()};
    REQUIRE(starts_postgres(folder.path()));
    REQUIRE(entries(cache.path() / "fiberlab") == 1);
    const fs::path archive = *fs::directory_iterator{cache.path() / "fiberlab"};
    const auto whole = fs::file_size(archive);
    constexpr std::uintmax_t block = 512;
    constexpr std::uintmax_t end_mark = 2 * block;
    for (const auto cut : {whole / 2 / block * block, end_mark}) {
        CAPTURE(cut);
        fs::resize_file(archive, whole - cut);
        test::write_file(archive.native() + ".half", "left by a program that was killed");
        const auto started = private_servers::start({.postgres = 1, .folder = folder.path()});
        CHECK_MESSAGE(started, started.error().message);
        CHECK(fs::file_size(archive) == whole);
        CHECK(entries(cache.path() / "fiberlab") == 1);
    }
}

TEST_CASE_FIXTURE(server_test, "Postgres starts without a cache folder too") {
    if (!have_servers()) {
        return;
    }
    const test::temporary_folder cache;
    test::write_file(cache.path() / "file", "");
    const test::scoped_variable no_folder{"XDG_CACHE_HOME", cache.path() / "file"};
    const auto started = private_servers::start({.postgres = 1, .folder = folder.path()});
    CHECK_MESSAGE(started, started.error().message);
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

TEST_CASE_FIXTURE(server_test, "a handle that is moved or assigned to ends its servers exactly once") {
    if (!have_servers()) {
        return;
    }
    auto first = private_servers::start({.redis = 1, .folder = folder.path()});
    auto second = private_servers::start({.redis = 1, .folder = folder.path()});
    REQUIRE(first);
    REQUIRE(second);
    CHECK(entries(folder.path()) == 2);
    *first = std::move(*second);
    CHECK(entries(folder.path()) == 1);
    CHECK(test::talk(first->redis().socket, "PING\r\n") == "+PONG\r\n");
    const private_servers third = std::move(*first);
    CHECK(test::talk(third.redis().socket, "PING\r\n") == "+PONG\r\n");
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

TEST_CASE_FIXTURE(server_test, "many threads may start servers at once") {
    if (!have_servers()) {
        return;
    }
    std::array<int, 4> answered{};
    {
        std::vector<std::jthread> helpers;
        helpers.reserve(answered.size());
        for (int& result : answered) {
            helpers.emplace_back([&result, this] {
                const auto started = private_servers::start({.redis = 1, .folder = folder.path()});
                result = started && test::talk(started->redis().socket, "PING\r\n") == "+PONG\r\n" ? 1 : 0;
            });
        }
    }
    CHECK(answered == std::array<int, 4>{1, 1, 1, 1});
    CHECK(entries(folder.path()) == 0);
}

TEST_CASE("a missing program is an error that names its package and the way out") {
    {
        const test::scoped_variable none{"FIBERLAB_REDIS_SERVER", "/nonexistent/redis-server"};
        const auto started = private_servers::start({.redis = 1});
        REQUIRE_FALSE(started);
        CHECK(started.error().kind == start_failure::missing_binary);
        CHECK(started.error().message.contains("Debian package redis-server"));
        CHECK(started.error().message.contains("--url"));
    }
    const test::scoped_variable none{"FIBERLAB_POSTGRES_BIN", "/nonexistent"};
    const auto started = private_servers::start({.postgres = 1});
    REQUIRE_FALSE(started);
    CHECK(started.error().kind == start_failure::missing_binary);
    CHECK(started.error().message.contains("Debian package postgresql"));
}

TEST_CASE_FIXTURE(server_test, "a socket path that the system can't take is an error that says so") {
    if (!have_servers()) {
        return;
    }
    const fs::path deep = folder.path() / std::string(90, 'd');
    fs::create_directory(deep);
    const auto started = private_servers::start({.redis = 1, .folder = deep});
    REQUIRE_FALSE(started);
    CHECK(started.error().kind == start_failure::failed);
    CHECK(started.error().message.contains("107"));
}

TEST_CASE_FIXTURE(server_test, "a folder that can't be written to is an error that names it") {
    if (!have_servers()) {
        return;
    }
    const auto started = private_servers::start({.redis = 1, .folder = folder.path() / "absent"});
    REQUIRE_FALSE(started);
    CHECK(started.error().message.contains((folder.path() / "absent").native()));
}

TEST_CASE("asking for no server, or for too many, is misuse") {
    CHECK_THROWS_AS(std::ignore = private_servers::start({}), std::invalid_argument);
    CHECK_THROWS_AS(std::ignore = private_servers::start({.redis = settings::max_servers + 1}), std::invalid_argument);
    CHECK_THROWS_AS(std::ignore = private_servers::start({.redis = 1, .postgres = -1}), std::invalid_argument);
}

}  // namespace fiberlab::servers
