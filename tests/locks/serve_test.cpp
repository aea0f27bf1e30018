#include "locks/serve/serve.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>

#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/task_group.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;
using servers::server_kind;

namespace {

std::string folder_of(const std::string& redis_url) {
    return redis_url.substr(std::string{"unix://"}.size());
}

}  // namespace

TEST_CASE("URLs come in the order that was asked for, and nothing is left when the time is over") {
    std::vector<std::string> urls;
    const run_outcome done = run({.mode = run_mode::real}, [&] {
        const auto served = locks::serve({.kinds = {server_kind::postgres, server_kind::redis}, .run_for = 20ms}, {},
                                         [&](const std::string& url) { urls.push_back(url); });
        REQUIRE(served);
        CHECK(served->started == 2);
        CHECK(served->ended_early.empty());
    });
    REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
    REQUIRE(urls.size() == 2);
    CHECK(urls[0].starts_with("postgresql://"));
    CHECK(urls[1].starts_with("unix://"));
    CHECK(!std::filesystem::exists(folder_of(urls[1])));
}

TEST_CASE("a stop ends the servers") {
    std::string socket;
    const run_outcome done = run({.mode = run_mode::real}, [&] {
        const stop_source stop;
        task_group group;
        group.go("server", [&] {
            const auto served =
                locks::serve({.kinds = {server_kind::redis}}, stop.token(), [&](const std::string& url) {
                    socket = folder_of(url);
                    CHECK(std::filesystem::exists(socket));
                    stop.request_stop();
                });
            CHECK(served);
        });
        REQUIRE(group.wait());
    });
    REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
    CHECK(!socket.empty());
    CHECK(!std::filesystem::exists(socket));
}
