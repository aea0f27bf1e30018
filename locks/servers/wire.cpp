#include "locks/servers/wire.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <span>

namespace fiberlab::servers {

namespace {

// Each field ends with a zero byte: it occurs in no path, option or message.
constexpr char field_end = '\0';

ssize_t receive_some(int socket, std::span<char> into, int flags) {
    ssize_t size = -1;
    do {
        size = ::recv(socket, into.data(), into.size(), flags);
    } while (size < 0 && errno == EINTR);
    return size;
}

packet split(std::string_view text) {
    packet fields;
    while (!text.empty()) {
        const std::size_t end = text.find(field_end);
        fields.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return fields;
}

}  // namespace

bool send_packet(int socket, const packet& fields, bool wait) {
    std::string text;
    for (const std::string& field : fields) {
        text += field;
        text += field_end;
    }
    ssize_t sent = -1;
    do {
        sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    } while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(text.size());
}

std::expected<packet, no_packet> receive_packet(int socket, bool wait) {
    const int flags = wait ? 0 : MSG_DONTWAIT;
    char first = 0;
    const ssize_t size = receive_some(socket, {&first, 1}, MSG_PEEK | MSG_TRUNC | flags);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return std::unexpected{no_packet::none};
    }
    if (size <= 0) {
        return std::unexpected{no_packet::closed};
    }
    std::string text(static_cast<std::size_t>(size), '\0');
    if (receive_some(socket, text, 0) != size) {
        return std::unexpected{no_packet::closed};
    }
    return split(text);
}

}  // namespace fiberlab::servers
