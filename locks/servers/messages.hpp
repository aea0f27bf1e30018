// messages: the packets between private_servers and its guardian, as the types that they carry.
//
//   program  → guardian   order, once; the end of the file means "stop"
//   guardian → program    a server message for each server, then ready; or failed; later ended
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "locks/servers/servers.hpp"
#include "locks/servers/wire.hpp"

namespace fiberlab::servers {

struct order {
    int redis = 0;
    int postgres = 0;
    bool tcp = false;
    std::filesystem::path base{};  // an existing folder, to make the lab folder in
    std::filesystem::path redis_server{};
    std::filesystem::path postgres_bin{};
    std::vector<std::string> redis_options{};
    std::vector<std::string> postgres_options{};
};

packet to_packet(const order& wanted);
order to_order(const packet& fields);

namespace message {

inline constexpr auto server = "server";
inline constexpr auto ready = "ready";
inline constexpr auto failed = "failed";
inline constexpr auto ended = "ended";

}  // namespace message

packet to_packet(const server& made);
server to_server(const packet& fields);

}  // namespace fiberlab::servers
