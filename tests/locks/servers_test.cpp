#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "locks/servers/servers.hpp"
#include "tests/locks/servers_support.hpp"
#include "tests/support/scoped_variable.hpp"
#include "tests/support/server_talk.hpp"

namespace fs = std::filesystem;

namespace fiberlab::servers {

namespace {

bool is_running(pid_t pid) {
    return ::kill(pid, 0) == 0;
}

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
