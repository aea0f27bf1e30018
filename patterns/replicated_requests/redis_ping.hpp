// redis_ping: asks a Redis server for one sign of life, over a connection that is kept between questions.
//
//   redis_ping server{*parse_server_url("redis://localhost:6379")};
//   answer<std::int64_t> got = server.ask(7, cancelled, after(1s));    // 7, as the server echoed it
//
// It connects when first asked, and again after an error or a cancelled question, whose answer would come later in the
// place of another's. One fiber at a time. Blocks until the answer, an error, the deadline (an error, too) or the
// token.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "patterns/core/byte_stream.hpp"
#include "patterns/replicated_requests/replicated_requests.hpp"

namespace fiberlab::demos {

struct server_url {
    std::string text{};    // as given, for a person
    std::string socket{};  // the path of a unix socket; empty: host and port
    std::string host = "localhost";
    std::string port = "6379";
    std::string user{};
    std::string password{};
};

// redis://[[user]:password@]host[:port][/db] or unix:///path/to/redis.sock; the error says what is wrong with it.
std::expected<server_url, std::string> parse_server_url(std::string_view text);

class redis_ping {
public:
    explicit redis_ping(server_url server) : server_{std::move(server)} {}

    answer<std::int64_t> ask(std::int64_t number, const stop_token& cancelled, time_point deadline);

private:
    using done_or_error = std::expected<void, error>;
    done_or_error connect(const stop_token& cancelled, time_point deadline);
    done_or_error connect_to(const void* address, unsigned size, int family, const stop_token& cancelled,
                             time_point deadline);
    done_or_error send(std::string_view bytes, const stop_token& cancelled, time_point deadline);
    std::expected<std::string, error> receive_line(const stop_token& cancelled, time_point deadline);
    std::expected<std::string, error> reply(const stop_token& cancelled, time_point deadline);

    server_url server_;
    descriptor socket_;
    std::string unread_;
};

}  // namespace fiberlab::demos
