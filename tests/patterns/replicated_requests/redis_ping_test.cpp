#include "patterns/replicated_requests/redis_ping.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "patterns/core/fiber.hpp"
#include "patterns/core/io.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fiberlab::demos {

namespace {

using namespace std::chrono_literals;

// A server on a unix socket that takes one connection after another and lets the test answer each request.
class little_server {
public:
    using answering = std::function<std::string(const std::string& request)>;

    explicit little_server(const std::string& path) : listening_{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)} {
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(listening_.get(), 8) == 0);
    }

    void serve(const stop_token& stop, const answering& answer) {
        while (wait_readable(listening_.get(), never, stop) == status::ok) {
            const descriptor connection{::accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
            ++connections;
            byte_reader from{connection.get()};
            byte_writer to{connection.get()};
            std::vector<char> bytes(1'000);
            for (auto count = from.read(bytes, stop); count && *count > 0; count = from.read(bytes, stop)) {
                const std::string reply = answer(std::string{bytes.data(), *count});
                if (!reply.empty() && !to.write(reply, stop)) {
                    break;
                }
            }
        }
    }

    int connections = 0;

private:
    descriptor listening_;
};

// Runs `body` beside a server that answers by `answer`.
void beside_server(const little_server::answering& answer,
                   const std::function<void(const std::string& url, little_server& server)>& body) {
    const test::temporary_folder folder;
    const std::string path = (folder.path() / "s").string();
    const run_outcome done = run({.mode = run_mode::real}, [&] {
        little_server server{path};
        const stop_source stop;
        const fiber serving = spawn("server", [&] { server.serve(stop.token(), answer); });
        body("unix://" + path, server);
        stop.request_stop();
    });
    CAPTURE(done.message);
    REQUIRE(done.how == run_outcome::kind::completed);
}

std::string echoed(const std::string& request) {
    // *2 $4 PING $<n> <text>
    const std::size_t end = request.size() - 2;
    const std::size_t begin = request.rfind("\r\n", end - 1) + 2;
    const std::string text = request.substr(begin, end - begin);
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

}  // namespace

TEST_CASE("addresses are read with all their parts") {
    const auto plain = parse_server_url("redis://example.net");
    REQUIRE(plain.has_value());
    CHECK(plain->host == "example.net");
    CHECK(plain->port == "6379");

    const auto full = parse_server_url("redis://me:s%40cret@[::1]:7000/3");
    REQUIRE(full.has_value());
    CHECK(full->user == "me");
    CHECK(full->password == "s@cret");
    CHECK(full->host == "::1");
    CHECK(full->port == "7000");

    const auto socket = parse_server_url("unix://:pw@/run/a%20b.sock?db=2");
    REQUIRE(socket.has_value());
    CHECK(socket->socket == "/run/a b.sock");
    CHECK(socket->password == "pw");

    CHECK(parse_server_url("redis://")->host == "localhost");
    for (const std::string wrong : {"", "localhost", "http://x", "redis://h:port", "redis://h:", "redis://only@h",
                                    "unix://relative", "unix://"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_server_url(wrong).has_value());
    }
    CHECK_FALSE(parse_server_url("unix:///" + std::string(200, 'x')).has_value());
}

TEST_CASE("a connection is kept between questions") {
    beside_server(echoed, [](const std::string& url, little_server& server) {
        redis_ping asking{*parse_server_url(url)};
        for (std::int64_t i = 0; i < 20; ++i) {
            const auto got = asking.ask(i, {}, after(10s));
            REQUIRE(got.has_value());
            CHECK(*got == i);
        }
        CHECK(server.connections == 1);
    });
}

TEST_CASE("an answer may come in pieces, and none of them is an answer by itself") {
    int part = 0;
    beside_server(
        [&](const std::string& request) {
            const std::string whole = echoed(request);
            return ++part == 1 ? whole.substr(0, 3) : whole;
        },
        [&](const std::string& url, little_server& /*server*/) {
            redis_ping asking{*parse_server_url(url)};
            CHECK_FALSE(asking.ask(7, {}, after(50ms)).has_value());
            CHECK(asking.ask(8, {}, after(10s)) == 8);
        });
}

TEST_CASE("an error of the server is the answer's error, and the next question connects anew") {
    int asked = 0;
    beside_server(
        [&](const std::string& request) {
            return ++asked == 1 ? std::string{"-LOADING not yet\r\n"} : echoed(request);
        },
        [](const std::string& url, little_server& server) {
            redis_ping asking{*parse_server_url(url)};
            const auto refused = asking.ask(1, {}, after(10s));
            REQUIRE_FALSE(refused.has_value());
            CHECK(refused.error().message == "LOADING not yet");
            CHECK(asking.ask(2, {}, after(10s)) == 2);
            CHECK(server.connections == 2);
        });
}

TEST_CASE("a cancelled question's late answer is nobody's") {
    beside_server(
        [asked = 0](const std::string& request) mutable { return ++asked == 1 ? std::string{} : echoed(request); },
        [](const std::string& url, little_server& /*server*/) {
            redis_ping asking{*parse_server_url(url)};
            stop_source stop;
            stop.stop_after(20ms);
            CHECK(asking.ask(1, stop.token(), never).error().message == "cancelled");
            CHECK(asking.ask(2, {}, after(10s)) == 2);
        });
}

TEST_CASE("a server that says nothing has failed at the deadline") {
    beside_server([](const std::string& /*request*/) { return std::string{}; },
                  [](const std::string& url, little_server& /*server*/) {
                      redis_ping asking{*parse_server_url(url)};
                      CHECK(asking.ask(1, {}, after(20ms)).error().message == "receive: no answer in time");
                  });
}

TEST_CASE("a password is given first") {
    std::vector<std::string> requests;
    beside_server(
        [&](const std::string& request) {
            requests.push_back(request);
            return requests.size() == 1 ? std::string{"+OK\r\n"} : echoed(request);
        },
        [](const std::string& url, little_server& /*server*/) {
            redis_ping asking{*parse_server_url("unix://:secret@" + url.substr(7))};
            CHECK(asking.ask(5, {}, after(10s)) == 5);
        });
    REQUIRE(requests.size() == 2);
    CHECK(requests[0] == "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n");
}

TEST_CASE("nobody listening is an error, told at once") {
    const run_outcome done = run({.mode = run_mode::real}, [] {
        redis_ping nobody{*parse_server_url("unix:///nonexistent/socket")};
        CHECK_FALSE(nobody.ask(1, {}, never).has_value());
        redis_ping refused{*parse_server_url("redis://127.0.0.1:1")};
        CHECK(refused.ask(1, {}, after(10s)).error().message == "connect: Connection refused");
    });
    CHECK(done.how == run_outcome::kind::completed);
}

}  // namespace fiberlab::demos
