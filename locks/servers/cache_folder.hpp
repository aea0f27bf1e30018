// cache_folder: what may stay on this user's disk between runs.
#pragma once

#include <filesystem>
#include <optional>

#include "locks/servers/unique_fd.hpp"

namespace fiberlab::servers {

// $XDG_CACHE_HOME/fiberlab or ~/.cache/fiberlab, made if need be. Nothing when it can't be made or isn't ours: under
// sudo the home folder may be another user's, and then root's own is taken.
std::optional<std::filesystem::path> cache_folder();

// The right to write there, for as long as it is open. Nothing when another process has it: never waits.
std::optional<unique_fd> lock_cache(const std::filesystem::path& folder);

}  // namespace fiberlab::servers
