#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "locks/redis/redis_client.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/task_group.hpp"
#include "tests/locks/redis_lab.hpp"

namespace fiberlab::locks {

namespace {

using namespace std::chrono_literals;
using test::client_of;
using test::in_real_time;
using test::redis_lab;
using test::words_of;

bool have_redis() {
    return test::have_redis("a test of the Redis client");
}

std::size_t open_descriptors() {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}));
}

// A TCP port of 127.0.0.1 where connecting never finishes: a listener that accepts nothing, with a full queue.
class deaf_port {
public:
    deaf_port() : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(listener_, any, size) == 0);
        REQUIRE(::listen(listener_, 0) == 0);
        REQUIRE(::getsockname(listener_, any, &size) == 0);
        port_ = ntohs(address.sin_port);
        for (int i = 0; i < 4; ++i) {
            fillers_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            [[maybe_unused]] const int begun = ::connect(fillers_.back(), any, size);
        }
    }
    ~deaf_port() {
        std::ranges::for_each(fillers_, ::close);
        ::close(listener_);
    }
    deaf_port(const deaf_port&) = delete;
    deaf_port& operator=(const deaf_port&) = delete;
    deaf_port(deaf_port&&) = delete;
    deaf_port& operator=(deaf_port&&) = delete;

    std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

private:
    int listener_;
    int port_ = 0;
    std::vector<int> fillers_;
};

redis_error error_of_connecting(const std::string& url, const redis_client_settings& with = {}) {
    std::optional<redis_error> failed;
    in_real_time([&] {
        if (auto client = redis_client::connect(parse_redis_url(url).value(), with); !client) {
            failed = client.error();
        }
    });
    REQUIRE(failed);
    return *failed;
}

}  // namespace

TEST_CASE("a reply is plain data of its type") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    redis_result text;
    redis_result nil;
    redis_result number;
    redis_result list;
    redis_result binary;
    in_real_time([&] {
        const auto client = client_of(lab.url());
        text = client->command({"SET", "a", "1"});
        nil = client->command({"GET", "nothing"});
        number = client->command({"INCRBY", "a", "-8"});
        list = client->command({"EVAL", "return {'x', 2, {'y'}, redis.pcall('NONSENSE')}", "0"});
        binary = client->command({"ECHO", std::string_view{"a\0\r\nb", 5}});
    });
    REQUIRE((text && nil && number && list && binary));
    CHECK(text->is == redis_reply::kind::text);
    CHECK(text->text == "OK");
    CHECK(nil->is == redis_reply::kind::nil);
    CHECK(number->is == redis_reply::kind::integer);
    CHECK(number->number == -7);
    CHECK(binary->text == std::string("a\0\r\nb", 5));
    REQUIRE(list->elements.size() == 4);
    CHECK(list->elements[0].text == "x");
    CHECK(list->elements[1].number == 2);
    CHECK(list->elements[2].elements.at(0).text == "y");
    CHECK(list->elements[3].is == redis_reply::kind::error);
}

TEST_CASE("what the server refuses is an error with its code, and nothing is in doubt") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    redis_result refused;
    in_real_time([&] { refused = client_of(lab.url())->command({"GET"}); });
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why == redis_failure::server_error);
    CHECK(refused.error().detail.starts_with("ERR wrong number of arguments"));
    CHECK_FALSE(refused.error().in_doubt);
}

TEST_CASE("the commands of a hundred fibers leave together, and each gets its own reply") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    int right = 0;
    std::uint64_t writes = 0;
    std::uint64_t commands = 0;
    in_real_time([&] {
        const auto client = client_of(lab.url());
        const std::uint64_t writes_before = client->writes();
        const std::uint64_t commands_before = client->commands();
        task_group group;
        for (int i = 0; i < 100; ++i) {
            group.go({"asker", i}, [&, mine = std::to_string(i)] {
                for (int round = 0; round < 10; ++round) {
                    right += words_of(client->command({"ECHO", mine})) == mine ? 1 : 0;
                }
            });
        }
        [[maybe_unused]] const outcome all = group.wait();
        writes = client->writes() - writes_before;
        commands = client->commands() - commands_before;
    });
    CHECK(right == 1000);
    CHECK(commands == 1000);
    CHECK(writes <= 100);
}

TEST_CASE("a value larger than any socket buffer goes there and back") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::string large;
    large.resize(20'000'000, 'x');
    bool same = false;
    std::string meanwhile;
    in_real_time([&] {
        const auto client = client_of(lab.url());
        task_group group;
        group.go("large", [&] {
            [[maybe_unused]] const auto set = client->command({"SET", "large", large});
            same = words_of(client->command({"GET", "large"})) == large;
        });
        group.go("small", [&] { meanwhile = words_of(client->command({"ECHO", "small"})); });
        [[maybe_unused]] const outcome all = group.wait();
    });
    CHECK(same);
    CHECK(meanwhile == "small");
}

TEST_CASE("a deadline ends the wait, and the reply that comes late goes to its handler") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    redis_result given_up;
    duration took{};
    std::optional<redis_result> late;
    std::string next;
    in_real_time([&] {
        const auto client = client_of(lab.url());
        lab.freeze();
        const time_point before = clock::now();
        given_up = client->command(
            {"INCR", "n"}, {.deadline = after(30ms), .stop = {}, .late = [&](redis_result r) { late = std::move(r); }});
        took = clock::now() - before;
        lab.thaw();
        next = words_of(client->command({"INCR", "n"}));  // in order: the late reply has come before it
    });
    REQUIRE_FALSE(given_up);
    CHECK(given_up.error().why == redis_failure::timeout);
    CHECK(given_up.error().in_doubt);
    CHECK(took >= 30ms);
    REQUIRE(late);
    CHECK(words_of(*late) == "1");
    CHECK(next == "2");
}

TEST_CASE("a reply in time never reaches the late handler") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    bool late = false;
    std::string reply;
    in_real_time([&] {
        const auto client = client_of(lab.url());
        reply = words_of(client->command(
            {"ECHO", "x"}, {.deadline = after(5s), .stop = {}, .late = [&](const redis_result&) { late = true; }}));
    });
    CHECK(reply == "x");
    CHECK_FALSE(late);
}

TEST_CASE("a stop token ends the wait for a reply") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    redis_result given_up;
    in_real_time([&] {
        const auto client = client_of(lab.url());
        const stop_source stop;
        lab.freeze();
        stop.stop_after(20ms);
        given_up = client->command({"PING"}, {.deadline = never, .stop = stop.token(), .late = {}});
        lab.thaw();
    });
    REQUIRE_FALSE(given_up);
    CHECK(given_up.error().why == redis_failure::stopped);
    CHECK(given_up.error().in_doubt);
}

TEST_CASE("a server that stays silent is not waited for without end") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    redis_result given_up;
    in_real_time([&] {
        const auto client = client_of(lab.url(), {.response_timeout = 40ms});
        lab.freeze();
        given_up = client->command({"PING"});
        lab.thaw();
    });
    REQUIRE_FALSE(given_up);
    CHECK(given_up.error().why == redis_failure::timeout);
    CHECK(given_up.error().detail == "the server has not answered for 40 ms");
}

TEST_CASE("a server killed with a hundred commands in flight gives a hundred typed errors") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    int cut = 0;
    int other = 0;
    redis_result next;
    duration took{};
    in_real_time([&] {
        const auto client = client_of(lab.url());
        lab.freeze();
        task_group group;
        for (int i = 0; i < 100; ++i) {
            group.go({"asker", i}, [&] {
                const auto reply = client->command({"INCR", "n"});
                const bool typed = !reply && reply.error().why == redis_failure::disconnected && reply.error().in_doubt;
                ++(typed ? cut : other);
            });
        }
        group.go("killer", [&] { lab.kill(); });  // starts after the others, which wait for their replies by then
        [[maybe_unused]] const outcome all = group.wait();
        const time_point before = clock::now();
        next = client->command({"PING"});
        took = clock::now() - before;
    });
    CHECK(cut == 100);
    CHECK(other == 0);
    REQUIRE_FALSE(next);
    CHECK(next.error().why == redis_failure::disconnected);
    CHECK_FALSE(next.error().in_doubt);
    CHECK(took < 2s);  // not only when the patience with a silent server ends
}

TEST_CASE("the next command after a cut connects anew") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::string after_cut;
    std::uint64_t connections = 0;
    bool noticed = false;
    in_real_time([&] {
        const auto client = client_of(lab.url());
        const auto admin = client_of(lab.url());
        noticed = test::comes_to(*admin, {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}, "1");
        after_cut = words_of(client->command({"ECHO", "back"}));
        if (after_cut != "back") {  // it was under way when the cut was noticed
            after_cut = words_of(client->command({"ECHO", "back"}));
        }
        connections = client->connections();
    });
    CHECK(noticed);
    CHECK(after_cut == "back");
    CHECK(connections == 2);
}

TEST_CASE("the fibers that find the connection cut make one new one between them") {
    if (!have_redis()) {
        return;
    }
    redis_lab lab{{.redis = 2}};
    int answered = 0;
    std::uint64_t connections = 0;
    in_real_time([&] {
        const auto client = client_of(lab.url());
        lab.kill();
        while (client->connected()) {
            [[maybe_unused]] const auto cut = client->command({"PING"});
        }
        lab.replace_by(1);
        task_group group;
        for (int i = 0; i < 20; ++i) {
            group.go({"asker", i}, [&] { answered += words_of(client->command({"PING"})) == "PONG" ? 1 : 0; });
        }
        [[maybe_unused]] const outcome all = group.wait();
        connections = client->connections();
    });
    CHECK(answered == 20);
    CHECK(connections == 2);
}

TEST_CASE("what nobody waits for still has its end reported, and the client leaves no descriptor behind") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<std::string> ends;
    const std::size_t before = open_descriptors();
    in_real_time([&] {
        const auto client = client_of(lab.url());
        const std::vector<std::string_view> ping{"PING"};
        client->start(ping, [&](const redis_result& r) { ends.push_back(words_of(r)); });
        [[maybe_unused]] const auto reply = client->command({"PING"});
        lab.freeze();
        client->start(ping, [&](const redis_result& r) { ends.push_back(words_of(r)); });
    });
    lab.thaw();
    CHECK(test::joined(ends) == "PONG, disconnected: closed by this side");
    CHECK(open_descriptors() == before);
}

TEST_CASE("what was started right before the client goes still reaches the server") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    bool arrived = false;
    in_real_time([&] {
        {
            const auto client = client_of(lab.url());
            const std::vector<std::string_view> set{"SET", "last", "words"};
            client->start(set, [](const redis_result&) {});
        }
        const auto other = client_of(lab.url());
        arrived = test::comes_to(*other, {"GET", "last"}, "words");
    });
    CHECK(arrived);
}

TEST_CASE("where nobody listens, connecting says so and where") {
    const auto failed = error_of_connecting("unix:///nowhere/redis.sock");
    CHECK(failed.why == redis_failure::disconnected);
    CHECK(failed.detail == "unix:///nowhere/redis.sock: No such file or directory");
}

TEST_CASE("a refused TCP connection is an error, not a connection") {
    // A port that was free a moment ago.
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const std::string port = std::to_string(ntohs(address.sin_port));
    const auto failed = error_of_connecting("redis://127.0.0.1:" + port);
    ::close(probe);
    CHECK(failed.why == redis_failure::disconnected);
    CHECK(failed.detail == "redis://127.0.0.1:" + port + ": Connection refused");
}

TEST_CASE("a TCP connect that never finishes is not taken for a connection") {
    const deaf_port nobody;
    const auto failed = error_of_connecting(nobody.url(), {.connect_timeout = 50ms});
    CHECK(failed.why == redis_failure::disconnected);
    CHECK(failed.detail == nobody.url() + ": no connection in time");
}

TEST_CASE("a name that nobody knows is an error") {
    const auto failed = error_of_connecting("redis://no-such-host.invalid");
    CHECK(failed.why == redis_failure::disconnected);
    CHECK(failed.detail.starts_with("redis://no-such-host.invalid:6379: "));
}

TEST_CASE("over TCP the password is given, and a wrong one is refused without being shown") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab{{.redis = 1, .tcp = true}};
    const std::string place = "127.0.0.1:" + std::to_string(lab.server().port);
    std::string pong;
    std::string by_name;
    in_real_time([&] {
        pong = words_of(client_of(lab.server().tcp_url)->command({"PING"}));
        by_name = words_of(
            client_of("redis://:" + lab.server().password + "@localhost:" + std::to_string(lab.server().port) + "/2")
                ->command({"CLIENT", "INFO"}));
    });
    CHECK(pong == "PONG");
    CHECK(by_name.contains(" db=2 "));

    const auto wrong = error_of_connecting("redis://:hunter2@" + place);
    CHECK(wrong.why == redis_failure::server_error);
    CHECK(wrong.detail.starts_with("redis://" + place + ": WRONGPASS"));
    CHECK_FALSE(wrong.detail.contains("hunter2"));
    const auto none = error_of_connecting("redis://" + place);
    CHECK(none.why == redis_failure::server_error);
    CHECK(none.detail.starts_with("redis://" + place + ": NOAUTH"));
}

TEST_CASE("virtual time has no servers") {
    bool refused = false;
    const run_outcome done = run({.mode = run_mode::virtual_time}, [&] {
        try {
            [[maybe_unused]] const auto client = redis_client::connect({.socket = "/nowhere"});
        } catch (const std::logic_error&) {
            refused = true;
        }
    });
    CHECK(done.how == run_outcome::kind::completed);
    CHECK(refused);
}

}  // namespace fiberlab::locks
