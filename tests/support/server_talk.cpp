#include "tests/support/server_talk.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>

#include "tests/support/readable.hpp"

namespace fiberlab::test {

namespace {

std::string exchange(int family, const void* address, socklen_t size, std::string_view request) {
    const int connection = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::array<char, 512> reply{};
    ssize_t received = 0;
    if (::connect(connection, static_cast<const sockaddr*>(address), size) == 0 &&
        ::send(connection, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()) &&
        readable(connection, std::chrono::seconds{5})) {
        received = ::recv(connection, reply.data(), reply.size(), 0);
    }
    ::close(connection);
    return received > 0 ? std::string{reply.data(), static_cast<std::size_t>(received)} : std::string{};
}

}  // namespace

std::string talk(const std::filesystem::path& unix_socket, std::string_view request) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    unix_socket.native().copy(address.sun_path, sizeof address.sun_path - 1);
    return exchange(AF_UNIX, &address, sizeof address, request);
}

std::string talk(std::uint16_t port, std::string_view request) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return exchange(AF_INET, &address, sizeof address, request);
}

std::string postgres_start_up() {
    constexpr char body[] = "\0\3\0\0user\0lab\0database\0postgres\0";
    const std::uint32_t size = htonl(sizeof size + sizeof body);
    std::string made(sizeof size, '\0');
    std::memcpy(made.data(), &size, sizeof size);
    return made.append(body, sizeof body);
}

int authentication_request(std::string_view reply) {
    constexpr std::size_t head = 1 + sizeof(std::uint32_t);  // 'R' and the length; then the kind
    std::uint32_t kind = 0;
    if (reply.size() < head + sizeof kind || reply.front() != 'R') {
        return -1;
    }
    std::memcpy(&kind, reply.data() + head, sizeof kind);
    return static_cast<int>(ntohl(kind));
}

}  // namespace fiberlab::test
