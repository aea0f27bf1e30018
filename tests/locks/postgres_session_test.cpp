#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <pqxx/pqxx>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "locks/postgres/session.hpp"
#include "locks/postgres/transaction.hpp"
#include "patterns/core/fiber.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "tests/locks/postgres_support.hpp"

namespace fiberlab::locks::postgres {

namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::number;
using test::open_session;
using test::with_postgres;

constexpr std::array named{
    statement{.name = "doubles", .text = "SELECT 2 * n FROM unnest($1::bigint[]) AS n", .rank = 1},
    statement{.name = "tenths", .text = "SELECT 10 / n FROM unnest($1::bigint[]) AS n"},
};

// libpqxx 6 asks a lost connection for its encoding before it takes over the result of a statement; that throws, and
// the result stays behind.
#ifdef __SANITIZE_ADDRESS__
using leak_of_pqxx_6 = __lsan::ScopedDisabler;
#else
struct leak_of_pqxx_6 {};
#endif

// Takes connections and never says a word.
class silent_listener {
public:
    silent_listener() {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const generic = reinterpret_cast<sockaddr*>(&address_);
        socklen_t size = sizeof address_;
        REQUIRE(::bind(socket_, generic, size) == 0);
        REQUIRE(::listen(socket_, 4) == 0);
        REQUIRE(::getsockname(socket_, generic, &size) == 0);
    }
    ~silent_listener() { ::close(socket_); }
    silent_listener(const silent_listener&) = delete;
    silent_listener& operator=(const silent_listener&) = delete;
    silent_listener(silent_listener&&) = delete;
    silent_listener& operator=(silent_listener&&) = delete;

    std::string url() const {
        return "postgresql://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/postgres";
    }

private:
    int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address_{};
};

}  // namespace

TEST_CASE("statements of many fibers are under way at once, and each fiber gets its own reply") {
    with_postgres([](const std::string& url) {
        const auto db = open_session(url);
        std::vector<std::int64_t> answers(50, -1);
        std::vector<fiber> fibers;
        for (std::size_t i = 0; i < answers.size(); ++i) {
            fibers.push_back(spawn("asker", [&, i] {
                const auto reply = db->execute({.text = "SELECT 3 * $1::int"}, {std::to_string(i)});
                answers[i] = reply ? reply->number(0, 0).value_or(-2) : -3;
            }));
        }
        for (fiber& each : fibers) {
            each.join();
        }
        for (std::size_t i = 0; i < answers.size(); ++i) {
            CHECK(answers[i] == static_cast<std::int64_t>(3 * i));
        }
    });
}

TEST_CASE("a statement that fails takes the rest of its batch along, except what is independent") {
    with_postgres([](const std::string& url) {
        const auto db = open_session(url);
        const auto before = db->send({.text = "SELECT 1"}, {});
        const auto failing = db->send({.text = "SELECT 1 / 0"}, {});
        const auto dependent = db->send({.text = "SELECT 2"}, {});
        const auto independent = db->send({.text = "SELECT 3"}, {}, session::sending::independent);

        CHECK(session::wait(*before)->number(0, 0) == 1);
        const auto failed = session::wait(*failing);
        REQUIRE(!failed);
        CHECK(failed.error().why == lock_failure::server_error);
        CHECK(failed.error().state == "22012");
        CHECK(!session::wait(*dependent));
        CHECK(session::wait(*independent)->number(0, 0) == 3);
        CHECK(number(*db, "SELECT 4") == 4);
    });
}

TEST_CASE("what fibers gather is one statement, and each gets its own row or the common error") {
    with_postgres([](const std::string& url) {
        const auto db = open_session(url);
        REQUIRE(db->prepare(named));
        std::vector<session::pending> doubles;
        for (int i = 0; i < 20; ++i) {
            doubles.push_back(db->gather(named[0], std::to_string(i)));
        }
        const auto good = db->gather(named[1], "5");
        const auto bad = db->gather(named[1], "0");
        for (int i = 0; i < 20; ++i) {
            const auto reply = session::wait(*doubles[static_cast<std::size_t>(i)]);
            REQUIRE(reply);
            CHECK(reply->size() == 1);
            CHECK(reply->number(0, 0) == 2 * i);
        }
        CHECK(session::wait(*good).error().state == "22012");
        CHECK(session::wait(*bad).error().state == "22012");
    });
}

TEST_CASE("a deadline ends the wait, and the late reply goes to whoever asked for it") {
    with_postgres([](const std::string& url) {
        const auto holder = open_session(url);
        const auto db = open_session(url);
        REQUIRE(holder->execute({.text = "SELECT pg_advisory_lock(1)"}, {}));
        const auto sent = db->send({.text = "SELECT 7 FROM pg_advisory_xact_lock(1)"}, {});
        const auto in_vain = session::wait(*sent, {.deadline = after(5ms)});
        REQUIRE(!in_vain);
        CHECK(in_vain.error().why == lock_failure::timeout);
        CHECK(session::under_way(*sent));

        std::int64_t late = 0;
        session::when_late(*sent, [&](const session::reply& reply) { late = reply->number(0, 0).value_or(-1); });
        REQUIRE(holder->execute({.text = "SELECT pg_advisory_unlock(1)"}, {}));
        CHECK(eventually([&] { return late == 7; }));
    });
}

TEST_CASE("a session that the server ends is lost at once, idle or not, and says why") {
    with_postgres([](const std::string& url) {
        const auto admin = open_session(url);
        const auto idle = open_session(url);
        const auto waiting = open_session(url);
        REQUIRE(admin->execute({.text = "SELECT pg_advisory_lock(2)"}, {}));
        const auto sent = waiting->send({.text = "SELECT pg_advisory_lock(2)"}, {});
        for (const auto& victim : {idle, waiting}) {
            REQUIRE(
                admin->execute({.text = "SELECT pg_terminate_backend($1::int)"}, {std::to_string(victim->process())}));
            victim->lost().wait();
            CHECK(!victim->alive());
            INFO(victim->lost().cause());
            CHECK(victim->lost().cause().find("57P01") != std::string::npos);
            const auto refused = victim->execute({.text = "SELECT 1"}, {});
            REQUIRE(!refused);
            CHECK(refused.error().why == lock_failure::disconnected);
        }
        CHECK(session::wait(*sent).error().why == lock_failure::disconnected);
    });
}

TEST_CASE("libpqxx transactions and statements of fibers take turns on one connection") {
    with_postgres([](const std::string& url) {
        const auto db = open_session(url);
        REQUIRE(db->execute({.text = "CREATE TEMP TABLE seen (n int)"}, {}));
        const auto insert = [](const char* values) {
            return
                [values](pqxx::transaction_base& work) { work.exec(std::string{"INSERT INTO seen VALUES "} + values); };
        };
        CHECK(in_transaction(*db, insert("(1), (2)")));
        CHECK(number(*db, "SELECT sum(n) FROM seen") == 3);

        const auto throwing = [&](pqxx::transaction_base& work) {
            insert("(10)")(work);
            throw std::runtime_error{"the work's own"};
        };
        CHECK_THROWS_AS(std::ignore = in_transaction(*db, throwing), std::runtime_error);
        CHECK(number(*db, "SELECT sum(n) FROM seen") == 3);

        const auto failed = in_transaction(*db, insert("('no number')"));
        REQUIRE(!failed);
        CHECK(failed.error().state == "22P02");
        CHECK(in_transaction(*db, insert("(4)")));
        CHECK(number(*db, "SELECT sum(n) FROM seen") == 7);
        CHECK(number(*db, "SELECT pg_backend_pid()") == db->process());
    });
}

TEST_CASE("a session that is lost during a libpqxx transaction stays lost") {
    with_postgres([](const std::string& url) {
        const auto db = open_session(url);
        const auto failed = in_transaction(*db, [](pqxx::transaction_base& work) {
            [[maybe_unused]] const leak_of_pqxx_6 excused{};
            work.exec("SELECT pg_terminate_backend(pg_backend_pid())");
        });
        REQUIRE(!failed);
        CHECK(failed.error().why == lock_failure::disconnected);
        CHECK(!db->alive());
        CHECK(db->lost().stop_requested());
    });
}

TEST_CASE("a session that is closed while it waits for a lock leaves the server's queue") {
    with_postgres([](const std::string& url) {
        const auto holder = open_session(url);
        REQUIRE(holder->execute({.text = "SELECT pg_advisory_lock(3)"}, {}));
        const auto waiting = open_session(url);
        const auto sent = waiting->send({.text = "SELECT pg_advisory_lock(3)"}, {});
        REQUIRE(eventually([&] { return test::waited_for(*holder) == 1; }));
        waiting->close("tired of waiting");
        CHECK(session::wait(*sent).error().why == lock_failure::disconnected);
        CHECK(eventually([&] { return test::waited_for(*holder) == 0; }));
    });
}

TEST_CASE("a server that can't be reached, does not want us or does not answer is an error in words") {
    with_postgres([](const std::string& url) {
        const auto nobody = session::open("postgresql:///postgres?host=/nonexistent", after(5s));
        REQUIRE(!nobody);
        CHECK(nobody.error().why == lock_failure::disconnected);
        CHECK(nobody.error().message.find("/nonexistent") != std::string::npos);

        std::string other_database = url;
        other_database.replace(other_database.find("/postgres?"), 10, "/there_is_none?");
        const auto unwanted = session::open(other_database, after(5s));
        REQUIRE(!unwanted);
        CHECK(unwanted.error().why == lock_failure::server_error);
        CHECK(unwanted.error().state == "3D000");
        CHECK(unwanted.error().message.ends_with("FATAL: database \"there_is_none\" does not exist"));

        const auto malformed = session::open("postgresql://host/db?no_such_option=1", after(5s));
        REQUIRE(!malformed);
        CHECK(malformed.error().why == lock_failure::server_error);
        CHECK(malformed.error().message.find("no_such_option") != std::string::npos);

        const silent_listener silent;
        const auto unanswered = session::open(silent.url(), after(20ms));
        REQUIRE(!unanswered);
        CHECK(unanswered.error().why == lock_failure::disconnected);
        const stop_source stop;
        stop.stop_after(5ms);
        const auto stopped = session::open(silent.url(), after(5s), stop.token());
        REQUIRE(!stopped);
        CHECK(stopped.error().why == lock_failure::stopped);
    });
}

TEST_CASE("a server is found by its host name, and takes the right password only") {
    with_postgres([](const std::string&) {
        std::string url = test::postgres_tcp_url();
        CHECK(number(*open_session(url), "SELECT 5") == 5);
        url.insert(url.find('@'), "x");
        const auto refused = session::open(url, after(5s));
        REQUIRE(!refused);
        CHECK(refused.error().why == lock_failure::server_error);
        CHECK(refused.error().state == "28P01");

        const auto unknown = session::open("postgresql://host.invalid/postgres", after(5s));
        REQUIRE(!unknown);
        CHECK(unknown.error().why == lock_failure::disconnected);
        CHECK(unknown.error().message.find("host.invalid") != std::string::npos);
    });
}

TEST_CASE("Postgres is refused in virtual time") {
    const run_outcome outcome =
        run({}, [] { [[maybe_unused]] const auto opened = session::open("postgresql:///postgres", after(1s)); });
    CHECK(outcome.how == run_outcome::kind::exception);
}

}  // namespace fiberlab::locks::postgres
