// wire: what program and guardian say to each other: lists of texts, one packet each, over a SOCK_SEQPACKET pair.
//
// A packet is whole or absent, so neither side ever waits in the middle of one.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fiberlab::servers {

using packet = std::vector<std::string>;

// False when the other side is gone, or when `wait` is false and its buffer is full.
bool send_packet(int socket, const packet& fields, bool wait = true);

enum class no_packet : std::uint8_t {
    closed,  // the other side is gone
    none,    // nothing there now (only without `wait`)
};

std::expected<packet, no_packet> receive_packet(int socket, bool wait = true);

}  // namespace fiberlab::servers
