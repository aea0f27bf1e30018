// server_talk: one question to a server and the beginning of its answer, without any client library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace fiberlab::test {

// What the server sends first after `request`; empty when nobody listens or nothing comes within five seconds.
std::string talk(const std::filesystem::path& unix_socket, std::string_view request);
std::string talk(std::uint16_t port, std::string_view request);  // of 127.0.0.1

std::string postgres_start_up();                     // as user "lab", of database "postgres"
int authentication_request(std::string_view reply);  // 0: welcome, 10: SCRAM wanted, -1: neither

}  // namespace fiberlab::test
