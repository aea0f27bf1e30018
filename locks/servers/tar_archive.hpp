// tar_archive: a folder as one file and back, in the plain tar format (`tar tf FILE` lists it).
//
// One file is renamed into place in one step, is read from a cold disk in one sweep, and says by its own form whether
// it is whole. Only folders and regular files, names up to 99 bytes: what a database cluster consists of.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>

#include "locks/servers/account.hpp"

namespace fiberlab::servers {

enum class archive_failure : std::uint8_t {
    stopped,  // go_on() said no
    damaged,  // not there, not an archive of ours, or not whole
    failed,   // the system did: errno
};

using archive_result = std::expected<void, archive_failure>;

// Asked between any two files, so that a long copy can end early.
using keep_going = std::function<bool()>;

// Writes all below `folder` to the new file `archive`.
archive_result pack(const std::filesystem::path& folder, const std::filesystem::path& archive, const keep_going& go_on);

// Makes all that is in `archive` below the existing `folder`, with its permissions, for `owner`.
archive_result unpack(const std::filesystem::path& archive, const std::filesystem::path& folder, const account& owner,
                      const keep_going& go_on);

}  // namespace fiberlab::servers
