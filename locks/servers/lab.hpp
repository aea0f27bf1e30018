// lab: what the steps of a start share, each step being a function of one server's file.
#pragma once

#include <chrono>
#include <expected>
#include <filesystem>
#include <string>

#include "locks/servers/account.hpp"
#include "locks/servers/children.hpp"
#include "locks/servers/lab_folder.hpp"
#include "locks/servers/loopback.hpp"
#include "locks/servers/messages.hpp"
#include "locks/servers/parent_watch.hpp"
#include "locks/servers/servers.hpp"

namespace fiberlab::servers {

// Its destructor ends the processes first and then removes the folder.
struct lab {
    order wanted;
    account run_as;
    lab_folder folder;
    children processes;
    parent_watch watch;
};

template <class T>
using start_result = std::expected<T, start_error>;

// A server that was started, perhaps not ready yet.
struct starting_server {
    server made{};
    std::filesystem::path folder{};
    unique_fd reservation{};  // of its port, until it listens
    std::chrono::steady_clock::time_point deadline{};
};

std::unexpected<start_error> start_failed(std::string message);
std::unexpected<start_error> start_cancelled();

// As start_failed, with the last lines of a log.
std::unexpected<start_error> start_failed(const std::string& message, const std::filesystem::path& log);

// A port and a password for `made`, when the order wants TCP.
start_result<unique_fd> give_tcp(const lab& here, server& made);

}  // namespace fiberlab::servers
