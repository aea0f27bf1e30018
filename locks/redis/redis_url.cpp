#include "locks/redis/redis_url.hpp"

#include <sys/un.h>

#include <charconv>
#include <optional>
#include <utility>

namespace fiberlab::locks {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;

// Cuts `text` at the first `separator`: what is before it, and after it. No separator: everything is before it.
std::pair<std::string_view, std::string_view> cut(std::string_view text, char separator) {
    const auto at = text.find(separator);
    return at == std::string_view::npos ? std::pair{text, ""sv} : std::pair{text.substr(0, at), text.substr(at + 1)};
}

template <class Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = failed == std::errc{} && end == text.data() + text.size();
    return whole ? std::optional{value} : std::nullopt;
}

std::optional<std::string> decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        unsigned value = 0;
        const char* const digits = text.data() + i + 1;
        if (text.size() - i < 3 || std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) {
            return std::nullopt;
        }
        plain += static_cast<char>(value);
        i += 2;
    }
    return plain;
}

struct reader {
    redis_url made{};
    std::string problem{};

    bool fail(std::string_view sentence) {
        problem = sentence;
        return false;
    }

    bool take(std::string& into, std::string_view text) {
        auto plain = decoded(text);
        if (!plain) {
            return fail("a % must be followed by two hexadecimal digits");
        }
        into = *std::move(plain);
        return true;
    }

    bool take_database(std::string_view text) {
        const auto value = number<int>(text);
        if (!value || *value < 0) {
            return fail("the database must be a number, as in redis://host/2");
        }
        made.database = *value;
        return true;
    }

    bool take_parameters(std::string_view text) {
        while (!text.empty()) {
            const auto [parameter, rest] = cut(text, '&');
            const auto [key, value] = cut(parameter, '=');
            const bool taken = key == "db"         ? take_database(value)
                               : key == "password" ? take(made.password, value)
                                                   : fail("the only parameters are db and password");
            if (!taken) {
                return false;
            }
            text = rest;
        }
        return true;
    }

    bool take_port(std::string_view text) {
        const auto value = number<std::uint16_t>(text);
        if (!value || *value == 0) {
            return fail("the port must be a number from 1 to 65535");
        }
        made.port = *value;
        return true;
    }

    bool take_host(std::string_view text) {
        if (text.starts_with('[')) {
            const auto end = text.find(']');
            if (end == std::string_view::npos) {
                return fail("the bracket of the IPv6 address is not closed");
            }
            made.host = text.substr(1, end - 1);
            text.remove_prefix(end + 1);
            if (!text.empty() && !text.starts_with(':')) {
                return fail("after an IPv6 address comes :port or nothing");
            }
            return text.empty() || take_port(text.substr(1));
        }
        const auto [host, port] = cut(text, ':');
        if (port.contains(':')) {
            return fail("an IPv6 address stands in brackets: redis://[::1]:6379");
        }
        made.host = host.empty() ? "localhost"sv : host;
        return host.size() == text.size() || take_port(port);
    }

    bool take_credentials(std::string_view text) {
        const auto [user, password] = cut(text, ':');
        if (user.size() == text.size()) {
            return fail("write the password after a colon: redis://:password@host");
        }
        return take(made.user, user) && take(made.password, password);
    }

    bool tcp(std::string_view text) {
        const auto [place, parameters] = cut(text, '?');
        auto [authority, path] = cut(place, '/');
        if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
            if (!take_credentials(authority.substr(0, at))) {
                return false;
            }
            authority.remove_prefix(at + 1);
        }
        return take_host(authority) && (path.empty() || take_database(path)) && take_parameters(parameters);
    }

    bool unix_socket(std::string_view text) {
        const auto [path, parameters] = cut(text, '?');
        if (!path.starts_with('/')) {
            return fail("a socket has an absolute path: unix:///run/redis/redis.sock");
        }
        if (!take(made.socket, path)) {
            return false;
        }
        if (made.socket.size() > longest_socket_path) {
            return fail("the path of a socket has at most " + std::to_string(longest_socket_path) + " bytes");
        }
        return take_parameters(parameters);
    }

    bool read(std::string_view text) {
        const auto colon = text.find("://");
        const std::string_view scheme = text.substr(0, colon);
        if (colon != std::string_view::npos && scheme == "redis") {
            return tcp(text.substr(colon + 3));
        }
        if (colon != std::string_view::npos && (scheme == "unix" || scheme == "redis+unix")) {
            return unix_socket(text.substr(colon + 3));
        }
        if (colon != std::string_view::npos && scheme == "rediss") {
            return fail("TLS is not supported: use redis:// or unix://");
        }
        return fail("it starts with redis:// or unix:///");
    }
};

}  // namespace

std::expected<redis_url, std::string> parse_redis_url(std::string_view text) {
    reader from;
    if (!from.read(text)) {
        // Without the text itself: it may hold a password.
        return std::unexpected{"not a Redis URL: " + from.problem};
    }
    return std::move(from.made);
}

std::string redis_url::address() const {
    if (!socket.empty()) {
        return "unix://" + socket;
    }
    const bool bracketed = host.contains(':');
    return "redis://" + (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace fiberlab::locks
