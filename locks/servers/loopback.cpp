#include "locks/servers/loopback.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>

namespace fiberlab::servers {

namespace {

constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

void append_hex(std::string& text, unsigned char byte) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
}

}  // namespace

std::optional<reserved_port> reserve_port() {
    unique_fd made{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int on = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    void* generic = &address;
    if (!made || ::setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(made.get(), static_cast<const sockaddr*>(generic), size) != 0 ||
        ::getsockname(made.get(), static_cast<sockaddr*>(generic), &size) != 0) {
        return std::nullopt;
    }
    return reserved_port{.reservation = std::move(made), .port = ntohs(address.sin_port)};
}

std::string make_password() {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw std::runtime_error{"the system gives no random bytes"};
    }
    std::string text;
    for (const unsigned char byte : bytes) {
        append_hex(text, byte);
    }
    return text;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
    std::string encoded;
    for (const char letter : text) {
        if (unreserved.find(letter) != std::string_view::npos || keep.find(letter) != std::string_view::npos) {
            encoded += letter;
        } else {
            encoded += '%';
            append_hex(encoded, static_cast<unsigned char>(letter));
        }
    }
    return encoded;
}

}  // namespace fiberlab::servers
