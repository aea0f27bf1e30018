#include "locks/servers/probe.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "locks/servers/unique_fd.hpp"

namespace fiberlab::servers {

namespace {

unique_fd connect_to(const std::filesystem::path& socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& path = socket.native();
    if (path.size() >= sizeof address.sun_path) {
        return {};
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    unique_fd made{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const void* generic = &address;
    if (!made || ::connect(made.get(), static_cast<const sockaddr*>(generic), sizeof address) != 0) {
        return {};
    }
    return made;
}

}  // namespace

std::optional<std::string> ask(const std::filesystem::path& socket, std::string_view request, std::string_view ending,
                               parent_watch& watch, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    const unique_fd connection = connect_to(socket);
    // A request is far smaller than a socket's buffer: it goes in one piece or not at all.
    if (!connection || ::send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
                           static_cast<ssize_t>(request.size())) {
        return std::nullopt;
    }
    std::string reply;
    for (;;) {
        std::array<char, 1024> part{};
        const ssize_t size = ::recv(connection.get(), part.data(), part.size(), 0);
        if (size > 0) {
            reply.append(part.data(), static_cast<std::size_t>(size));
        }
        if (size == 0 || (!ending.empty() && reply.ends_with(ending))) {
            return reply;
        }
        if (size < 0 && errno != EAGAIN) {
            return std::nullopt;
        }
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left.count() <= 0 || !watch.wait(left, {connection.get()})) {
            return std::nullopt;
        }
    }
}

}  // namespace fiberlab::servers
