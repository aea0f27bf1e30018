#include "locks/servers/messages.hpp"

#include <charconv>
#include <concepts>
#include <string_view>

namespace fiberlab::servers {

namespace {

template <std::integral Number>
Number to_number(std::string_view text) {
    Number value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

packet to_packet(const order& wanted) {
    packet fields{
        "redis=" + std::to_string(wanted.redis),        "postgres=" + std::to_string(wanted.postgres),
        "tcp=" + std::to_string(wanted.tcp ? 1 : 0),    "base=" + wanted.base.native(),
        "redis-server=" + wanted.redis_server.native(), "postgres-bin=" + wanted.postgres_bin.native(),
    };
    for (const std::string& option : wanted.redis_options) {
        fields.push_back("redis-option=" + option);
    }
    for (const std::string& option : wanted.postgres_options) {
        fields.push_back("postgres-option=" + option);
    }
    return fields;
}

order to_order(const packet& fields) {
    order wanted;
    for (const std::string& field : fields) {
        const std::size_t equals = field.find('=');
        const std::string_view key = std::string_view{field}.substr(0, equals);
        const std::string value = equals == std::string::npos ? "" : field.substr(equals + 1);
        if (key == "redis") {
            wanted.redis = to_number<int>(value);
        } else if (key == "postgres") {
            wanted.postgres = to_number<int>(value);
        } else if (key == "tcp") {
            wanted.tcp = value == "1";
        } else if (key == "base") {
            wanted.base = value;
        } else if (key == "redis-server") {
            wanted.redis_server = value;
        } else if (key == "postgres-bin") {
            wanted.postgres_bin = value;
        } else if (key == "redis-option") {
            wanted.redis_options.push_back(value);
        } else if (key == "postgres-option") {
            wanted.postgres_options.push_back(value);
        }
    }
    return wanted;
}

packet to_packet(const server& made) {
    return {message::server,
            made.kind == server_kind::redis ? "redis" : "postgres",
            std::to_string(made.pid),
            made.url,
            made.tcp_url,
            made.socket.native(),
            std::to_string(made.port),
            made.password,
            made.log.native()};
}

server to_server(const packet& fields) {
    return {.kind = fields.at(1) == "redis" ? server_kind::redis : server_kind::postgres,
            .pid = to_number<pid_t>(fields.at(2)),
            .url = fields.at(3),
            .tcp_url = fields.at(4),
            .socket = fields.at(5),
            .port = to_number<std::uint16_t>(fields.at(6)),
            .password = fields.at(7),
            .log = fields.at(8)};
}

}  // namespace fiberlab::servers
