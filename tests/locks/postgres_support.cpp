#include "tests/locks/postgres_support.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "locks/servers/servers.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab::test {

using namespace std::chrono_literals;
using locks::postgres::session;

namespace {

const std::optional<servers::private_servers>& server() {
    static const std::optional<servers::private_servers> running = []() -> std::optional<servers::private_servers> {
        auto started = servers::private_servers::start({.postgres = 1, .tcp = true});
        if (!started) {
            std::puts(("cannot run: a test of Postgres locks: " + started.error().message).c_str());
            // Without the program there is nothing to test with; any other reason is a failure.
            CHECK(started.error().kind == servers::start_failure::missing_binary);
            return std::nullopt;
        }
        return *std::move(started);
    }();
    return running;
}

}  // namespace

const std::string& postgres_url() {
    static const std::string url = server().has_value() ? server()->postgres().url : "";
    return url;
}

const std::string& postgres_tcp_url() {
    static const std::string url = [] {
        std::string by_number = server().has_value() ? server()->postgres().tcp_url : "";
        const std::string_view number = "127.0.0.1";
        const std::size_t at = by_number.find(number);
        return at == std::string::npos ? by_number : by_number.replace(at, number.size(), "localhost");
    }();
    return url;
}

void in_real_time(const std::function<void()>& body) {
    const run_outcome outcome = run({.mode = run_mode::real}, body);
    if (outcome.error != nullptr) {
        std::rethrow_exception(outcome.error);
    }
    INFO(outcome.message);
    CHECK(outcome.how == run_outcome::kind::completed);
}

void with_postgres(const std::function<void(const std::string& url)>& body) {
    const std::string& url = postgres_url();
    if (!url.empty()) {
        in_real_time([&] { body(url); });
    }
}

std::shared_ptr<session> open_session(const std::string& url) {
    auto opened = session::open(url, after(5s));
    if (!opened) {
        throw std::runtime_error{opened.error().message};
    }
    return *std::move(opened);
}

std::unique_ptr<locks::lock_manager> open_locks(const std::string& url, const locks::postgres_settings& settings) {
    auto connected = locks::connect_postgres(url, settings);
    if (!connected) {
        throw std::runtime_error{connected.error().detail};
    }
    return *std::move(connected);
}

std::int64_t number(session& db, const char* query) {
    const session::reply reply = db.execute({.text = query}, {}, {.deadline = after(5s)});
    if (!reply) {
        throw std::runtime_error{reply.error().as_lock_error().detail};
    }
    return reply->number(0, 0).value_or(-1);
}

std::int64_t granted(session& db) {
    return number(db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted");
}

std::int64_t waited_for(session& db) {
    return number(db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
}

bool eventually(const std::function<bool()>& holds) {
    const time_point limit = after(5s);
    while (!holds()) {
        if (clock::now() > limit) {
            return false;
        }
        yield();
    }
    return true;
}

void wait_for(time_point moment) {
    const stop_source at_that_time{"a moment"};
    at_that_time.stop_at(moment);
    at_that_time.token().wait();
}

}  // namespace fiberlab::test
