#include "locks/servers/lab.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace fiberlab::servers {

namespace {

std::string last_lines(const std::filesystem::path& log) {
    constexpr std::size_t most = 600;
    std::ifstream file{log};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    while (text.ends_with('\n')) {
        text.pop_back();
    }
    if (text.size() > most) {
        const std::size_t line = text.find('\n', text.size() - most);
        text.erase(0, line == std::string::npos ? text.size() - most : line + 1);
    }
    return text;
}

}  // namespace

std::unexpected<start_error> start_failed(std::string message) {
    return std::unexpected{start_error{.kind = start_failure::failed, .message = std::move(message)}};
}

std::unexpected<start_error> start_cancelled() {
    return std::unexpected{start_error{.kind = start_failure::cancelled, .message = "cancelled"}};
}

std::unexpected<start_error> start_failed(const std::string& message, const std::filesystem::path& log) {
    const std::string said = last_lines(log);
    return start_failed(said.empty() ? message : message + ":\n" + said);
}

start_result<unique_fd> give_tcp(const lab& here, server& made) {
    if (!here.wanted.tcp) {
        return unique_fd{};
    }
    auto reserved = reserve_port();
    if (!reserved) {
        return start_failed("no port of 127.0.0.1 is free");
    }
    made.port = reserved->port;
    made.password = make_password();
    return std::move(reserved->reservation);
}

}  // namespace fiberlab::servers
