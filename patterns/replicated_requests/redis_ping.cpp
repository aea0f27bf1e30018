#include "patterns/replicated_requests/redis_ping.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "patterns/core/io.hpp"

namespace fiberlab::demos {

namespace {

std::unexpected<error> system_failure(std::string_view doing, int code) {
    return failure(std::string{doing} + ": " + std::generic_category().message(code));
}

// ok, or why the wait was in vain.
std::expected<void, error> waited(status ready, std::string_view doing) {
    if (ready == status::ok) {
        return {};
    }
    return failure(ready == status::timeout ? std::string{doing} + ": no answer in time" : std::string{"cancelled"});
}

std::string percent_decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char byte = 0;
        const bool coded =
            text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3;
        plain += coded ? static_cast<char>(byte) : text[i];
        i += coded ? 2 : 0;
    }
    return plain;
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A command as Redis wants it: an array of strings, each with its length.
std::string command(std::initializer_list<std::string_view> words) {
    std::string made = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string_view word : words) {
        made += "$" + std::to_string(word.size()) + "\r\n" + std::string{word} + "\r\n";
    }
    return made;
}

struct addresses_freed {
    void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};
using address_list = std::unique_ptr<addrinfo, addresses_freed>;

}  // namespace

std::expected<server_url, std::string> parse_server_url(std::string_view text) {
    server_url made{.text = std::string{text}};
    const auto wrong = [&](std::string_view what) {
        return std::unexpected{"'" + std::string{text} + "': " + std::string{what}};
    };
    const bool unix_socket = text.starts_with("unix://");
    if (!unix_socket && !text.starts_with("redis://")) {
        return wrong("begins with neither redis:// nor unix://");
    }
    std::string_view rest = text.substr(text.find("//") + 2);
    rest = rest.substr(0, rest.find('?'));
    const std::size_t path = unix_socket ? rest.find('/') : std::min(rest.find('/'), rest.size());
    if (const std::size_t at = rest.substr(0, path).rfind('@'); at != std::string_view::npos) {
        const std::string_view account = rest.substr(0, at);
        const std::size_t colon = account.find(':');
        if (colon == std::string_view::npos) {
            return wrong("a password stands after a colon, as in redis://:password@host");
        }
        made.user = percent_decoded(account.substr(0, colon));
        made.password = percent_decoded(account.substr(colon + 1));
        rest.remove_prefix(at + 1);
    }
    if (unix_socket) {
        made.socket = percent_decoded(rest);
        if (!made.socket.starts_with('/') || made.socket.size() >= sizeof(sockaddr_un::sun_path)) {
            return wrong("needs the absolute path of a socket, of at most 107 bytes");
        }
        return made;
    }
    rest = rest.substr(0, rest.find('/'));
    const bool bracketed = rest.starts_with('[') && rest.find(']') != std::string_view::npos;
    const std::size_t host_end = bracketed ? rest.find(']') + 1 : std::min(rest.find(':'), rest.size());
    const std::string_view host = bracketed ? rest.substr(1, host_end - 2) : rest.substr(0, host_end);
    if (!host.empty()) {
        made.host = host;
    }
    if (rest.remove_prefix(host_end); !rest.empty()) {
        if (!rest.starts_with(':') || !all_digits(rest.substr(1))) {
            return wrong("the port must be a number");
        }
        made.port = rest.substr(1);
    }
    return made;
}

redis_ping::done_or_error redis_ping::connect_to(const void* address, unsigned size, int family,
                                                 const stop_token& cancelled, time_point deadline) {
    socket_ = descriptor{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!socket_.valid()) {
        return system_failure("socket", errno);
    }
    if (family != AF_UNIX) {
        const int now = 1;
        setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &now, sizeof now);
    }
    if (::connect(socket_.get(), static_cast<const sockaddr*>(address), size) == 0) {
        return {};
    }
    if (errno != EINPROGRESS) {
        return system_failure("connect", errno);
    }
    if (auto ready = waited(wait_writable(socket_.get(), deadline, cancelled), "connect"); !ready) {
        return ready;
    }
    int code = 0;
    socklen_t code_size = sizeof code;
    getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &code_size);
    return code == 0 ? done_or_error{} : system_failure("connect", code);
}

redis_ping::done_or_error redis_ping::connect(const stop_token& cancelled, time_point deadline) {
    unread_.clear();
    done_or_error done = failure("no address");
    if (!server_.socket.empty()) {
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        server_.socket.copy(address.sun_path, sizeof address.sun_path - 1);
        done = connect_to(&address, sizeof address, AF_UNIX, cancelled, deadline);
    } else {
        addrinfo* found = nullptr;
        // Asking for a name has no form that doesn't block.
        const int failed = offload([&] {
            addrinfo wanted{};
            wanted.ai_socktype = SOCK_STREAM;
            return getaddrinfo(server_.host.c_str(), server_.port.c_str(), &wanted, &found);
        });
        const address_list list{found};
        if (failed != 0) {
            return failure(server_.host + ": " + gai_strerror(failed));
        }
        for (const addrinfo* each = found; each != nullptr && !done; each = each->ai_next) {
            done = connect_to(each->ai_addr, each->ai_addrlen, each->ai_family, cancelled, deadline);
        }
    }
    if (!done || server_.password.empty()) {
        return done;
    }
    const std::string log_in =
        server_.user.empty() ? command({"AUTH", server_.password}) : command({"AUTH", server_.user, server_.password});
    if (auto sent = send(log_in, cancelled, deadline); !sent) {
        return sent;
    }
    const auto welcome = reply(cancelled, deadline);
    return welcome ? done_or_error{} : std::unexpected{welcome.error()};
}

redis_ping::done_or_error redis_ping::send(std::string_view bytes, const stop_token& cancelled, time_point deadline) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EAGAIN && errno != EINTR) {
            return system_failure("send", errno);
        } else if (auto ready = waited(wait_writable(socket_.get(), deadline, cancelled), "send"); !ready) {
            return ready;
        }
    }
    return {};
}

std::expected<std::string, error> redis_ping::receive_line(const stop_token& cancelled, time_point deadline) {
    for (;;) {
        if (const std::size_t end = unread_.find("\r\n"); end != std::string::npos) {
            std::string line = unread_.substr(0, end);
            unread_.erase(0, end + 2);
            return line;
        }
        std::array<char, 512> part{};
        const ssize_t count = ::recv(socket_.get(), part.data(), part.size(), 0);
        if (count > 0) {
            unread_.append(part.data(), static_cast<std::size_t>(count));
        } else if (count == 0) {
            return failure("the server closed the connection");
        } else if (errno != EAGAIN && errno != EINTR) {
            return system_failure("receive", errno);
        } else if (auto ready = waited(wait_readable(socket_.get(), deadline, cancelled), "receive"); !ready) {
            return std::unexpected{ready.error()};
        }
    }
}

// A line that begins with its kind: + a word, - an error, $ the length of the text on the next line.
std::expected<std::string, error> redis_ping::reply(const stop_token& cancelled, time_point deadline) {
    auto line = receive_line(cancelled, deadline);
    if (!line || line->empty()) {
        return line;
    }
    std::string text = line->substr(1);
    switch (line->front()) {
        case '-':
            return failure(text);
        case '$':
            return receive_line(cancelled, deadline);
        default:
            return text;
    }
}

answer<std::int64_t> redis_ping::ask(std::int64_t number, const stop_token& cancelled, time_point deadline) {
    const auto give_up = [&](const error& why) -> answer<std::int64_t> {
        socket_.reset();
        return failure(why.message);
    };
    if (!socket_.valid()) {
        if (const auto done = connect(cancelled, deadline); !done) {
            return give_up(done.error());
        }
    }
    if (const auto sent = send(command({"PING", std::to_string(number)}), cancelled, deadline); !sent) {
        return give_up(sent.error());
    }
    const auto echoed = reply(cancelled, deadline);
    if (!echoed) {
        return give_up(echoed.error());
    }
    std::int64_t value = -1;
    std::from_chars(echoed->data(), echoed->data() + echoed->size(), value);
    return value;
}

}  // namespace fiberlab::demos
