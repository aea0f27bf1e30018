#include <doctest/doctest.h>

#include <string>

#include "locks/redis/redis_url.hpp"

namespace fiberlab::locks {

namespace {

std::string problem_of(std::string_view text) {
    const auto read = parse_redis_url(text);
    return read ? "none" : read.error();
}

}  // namespace

TEST_CASE("a Redis URL names host, port, database, user and password") {
    const auto all = parse_redis_url("redis://ann:p%40ss%3Aword@example.org:6380/3");
    REQUIRE(all);
    CHECK(all->host == "example.org");
    CHECK(all->port == 6380);
    CHECK(all->database == 3);
    CHECK(all->user == "ann");
    CHECK(all->password == "p@ss:word");
    CHECK(all->socket.empty());

    const auto least = parse_redis_url("redis://");
    REQUIRE(least);
    CHECK(least->host == "localhost");
    CHECK(least->port == 6379);
    CHECK(least->database == 0);

    const auto no_user = parse_redis_url("redis://:secret@[::1]:7000");
    REQUIRE(no_user);
    CHECK(no_user->user.empty());
    CHECK(no_user->password == "secret");
    CHECK(no_user->host == "::1");
    CHECK(no_user->port == 7000);
}

TEST_CASE("a unix URL names the socket's path") {
    const auto plain = parse_redis_url("unix:///run/redis/redis.sock");
    REQUIRE(plain);
    CHECK(plain->socket == "/run/redis/redis.sock");
    CHECK(plain->address() == "unix:///run/redis/redis.sock");

    const auto full = parse_redis_url("redis+unix:///tmp/with%20blank.sock?db=2&password=a%26b");
    REQUIRE(full);
    CHECK(full->socket == "/tmp/with blank.sock");
    CHECK(full->database == 2);
    CHECK(full->password == "a&b");
}

TEST_CASE("what can't be honoured is refused with the reason") {
    CHECK(problem_of("rediss://host") == "not a Redis URL: TLS is not supported: use redis:// or unix://");
    CHECK(problem_of("localhost:6379") == "not a Redis URL: it starts with redis:// or unix:///");
    CHECK(problem_of("http://host") == "not a Redis URL: it starts with redis:// or unix:///");
    CHECK(problem_of("") == "not a Redis URL: it starts with redis:// or unix:///");
    CHECK(problem_of("redis://host:0").ends_with("the port must be a number from 1 to 65535"));
    CHECK(problem_of("redis://host:65536").ends_with("the port must be a number from 1 to 65535"));
    CHECK(problem_of("redis://host:").ends_with("the port must be a number from 1 to 65535"));
    CHECK(problem_of("redis://host/one").ends_with("the database must be a number, as in redis://host/2"));
    CHECK(problem_of("redis://host/-1").ends_with("the database must be a number, as in redis://host/2"));
    CHECK(problem_of("redis://host?timeout=5").ends_with("the only parameters are db and password"));
    CHECK(problem_of("redis://::1").ends_with("an IPv6 address stands in brackets: redis://[::1]:6379"));
    CHECK(problem_of("redis://[::1").ends_with("the bracket of the IPv6 address is not closed"));
    CHECK(problem_of("redis://secret@host").ends_with("write the password after a colon: redis://:password@host"));
    CHECK(problem_of("redis://:a%4@host").ends_with("a % must be followed by two hexadecimal digits"));
    CHECK(problem_of("unix://redis.sock").ends_with("a socket has an absolute path: unix:///run/redis/redis.sock"));
    CHECK(problem_of("unix:///" + std::string(107, 'x')).ends_with("the path of a socket has at most 107 bytes"));
    CHECK(problem_of("unix:///" + std::string(106, 'x')) == "none");
}

TEST_CASE("neither a message nor an address shows the password") {
    CHECK_FALSE(problem_of("redis://:hunter2@host:port").contains("hunter2"));
    CHECK(parse_redis_url("redis://ann:hunter2@host/1")->address() == "redis://host:6379");
    CHECK(parse_redis_url("redis://:hunter2@[::1]")->address() == "redis://[::1]:6379");
}

}  // namespace fiberlab::locks
