#include "locks/servers/cache_folder.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace fiberlab::servers {

namespace fs = std::filesystem;

namespace {

bool is_ours(const fs::path& folder) {
    struct stat found = {};
    return ::stat(folder.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::geteuid();
}

std::optional<fs::path> home_folder() {
    if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/' && is_ours(home)) {
        return home;
    }
    const passwd* user = ::getpwuid(::geteuid());
    if (user == nullptr || !is_ours(user->pw_dir)) {
        return std::nullopt;
    }
    return user->pw_dir;
}

}  // namespace

std::optional<fs::path> cache_folder() {
    fs::path base;
    if (const char* named = std::getenv("XDG_CACHE_HOME"); named != nullptr && *named == '/') {
        base = named;
    } else if (const auto home = home_folder()) {
        base = *home / ".cache";
    } else {
        return std::nullopt;
    }
    fs::path folder = base / "fiberlab";
    std::error_code error;
    fs::create_directories(folder, error);
    if (error || !is_ours(folder)) {
        return std::nullopt;
    }
    return folder;
}

std::optional<unique_fd> lock_cache(const fs::path& folder) {
    unique_fd lock{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        return std::nullopt;
    }
    return lock;
}

}  // namespace fiberlab::servers
