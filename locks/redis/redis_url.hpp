// redis_url: where a Redis server is, read from the forms that redis-py and go-redis read.
//
//   redis://[[user]:password@]host[:port][/db]      redis://:secret@127.0.0.1:6380/2
//   unix:///path/to/redis.sock[?db=N&password=P]    unix:///run/redis/redis.sock   (or redis+unix://)
//
// Special characters are percent-encoded; an IPv6 address stands in brackets. What can't be honoured (rediss://, a
// sentinel, an unknown parameter) is refused with the reason, never ignored.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace fiberlab::locks {

struct redis_url {
    std::string socket{};  // the path of a unix socket; empty: host and port count
    std::string host{};
    std::uint16_t port = 6379;
    std::string user{};  // empty: the default user
    std::string password{};
    int database = 0;

    std::string address() const;  // for messages: without user and password
};

std::expected<redis_url, std::string> parse_redis_url(std::string_view text);  // the error is a sentence

}  // namespace fiberlab::locks
