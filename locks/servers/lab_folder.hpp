// lab_folder: the temporary folder of one set of private servers: their sockets, their data, their logs.
//
// It stands in /dev/shm when that is writable and has room, else in $TMPDIR, else in /tmp, and only we can enter it (as
// root: we and the servers' account). Its owner holds a lock on it for life, which the kernel drops with the process: a
// folder that nobody has locked is a dead guardian's, and sweep() removes it. The lock is on the folder itself, so
// there is no moment at which a living one has none that sweep() could take for dead.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "locks/servers/account.hpp"
#include "locks/servers/servers.hpp"
#include "locks/servers/unique_fd.hpp"

namespace fiberlab::servers {

// The folder to make lab folders in. Fails when no place is writable, or when the path of a socket there would be
// longer than the 107 bytes that the system takes.
std::expected<std::filesystem::path, std::string> choose_base(const settings& wanted);

// Removes dead lab folders of this user in `base` and in the places named above.
void sweep(const std::filesystem::path& base);

class lab_folder {
public:
    static std::expected<lab_folder, std::string> make(const std::filesystem::path& base, const account& servers);

    lab_folder(lab_folder&&) noexcept = default;
    lab_folder& operator=(lab_folder&&) = delete;
    ~lab_folder();  // removes the folder with all that is in it

    const std::filesystem::path& path() const noexcept { return path_; }

    // A folder in it that belongs to the servers' account alone.
    std::expected<std::filesystem::path, std::string> make_inner(const std::string& name) const;

private:
    lab_folder(std::filesystem::path path, unique_fd lock, const account& servers);

    std::filesystem::path path_;
    unique_fd lock_;
    account servers_;
};

}  // namespace fiberlab::servers
