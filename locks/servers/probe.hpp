// probe: one question to a server that may not be there yet.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "locks/servers/parent_watch.hpp"

namespace fiberlab::servers {

// Sends `request` to the unix socket and returns what came back once it ends with `ending` or the server hung up.
// Nothing when nobody listens, when the time is up, or when the parent is gone meanwhile.
std::optional<std::string> ask(const std::filesystem::path& socket, std::string_view request, std::string_view ending,
                               parent_watch& watch, std::chrono::milliseconds limit);

}  // namespace fiberlab::servers
