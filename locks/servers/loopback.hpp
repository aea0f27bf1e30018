// loopback: what a server needs to listen on 127.0.0.1: a port, and a password, since every user of the machine reaches
// that port.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "locks/servers/unique_fd.hpp"

namespace fiberlab::servers {

// A free port, kept from others until `reservation` is closed. The server can bind it meanwhile: both sides allow
// reuse, and ours doesn't listen.
struct reserved_port {
    unique_fd reservation{};
    std::uint16_t port = 0;
};

std::optional<reserved_port> reserve_port();

std::string make_password();  // 128 random bits, in hexadecimal

// Text as part of a URL: all but letters, digits and "-._~" (and `keep`) as %XX.
std::string percent_encode(std::string_view text, std::string_view keep = "");

}  // namespace fiberlab::servers
