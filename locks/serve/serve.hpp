// serve: private servers for a workshop, until the run is stopped or the time is over.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "locks/servers/servers.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab::locks {

struct serving {
    std::vector<servers::server_kind> kinds;  // one server each, in this order
    bool tcp = false;                         // give TCP addresses instead of unix sockets
    duration run_for{};                       // zero: until stopped
};

struct served {
    std::uint64_t started = 0;
    std::vector<std::string> ended_early;  // "redis ended by signal 9 (Killed)"
};

// Blocks. `announce` gets each server's URL once all of them answer. The error: what could not be started.
std::expected<served, std::string> serve(const serving& plan, const stop_token& stop,
                                         const std::function<void(const std::string& url)>& announce);

}  // namespace fiberlab::locks
