#include "locks/servers/lab_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace fiberlab::servers {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = "fiberlab-";
constexpr std::size_t random_letters = 6;  // as mkdtemp() makes them
constexpr const char* memory_folder = "/dev/shm";

// One byte of sun_path is the terminating zero.
constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;

// A fresh cluster is 29 MB; the write-ahead log may add 64.
constexpr std::uintmax_t room_for_postgres = 160U << 20U;
constexpr std::uintmax_t room_for_redis = 4U << 20U;

bool is_writable(const fs::path& folder) {
    std::error_code error;
    return fs::is_directory(folder, error) && ::access(folder.c_str(), W_OK | X_OK) == 0;
}

bool has_room(const fs::path& folder, const settings& wanted) {
    struct statvfs found = {};
    if (::statvfs(folder.c_str(), &found) != 0) {
        return false;
    }
    const auto needed = static_cast<std::uintmax_t>(wanted.postgres) * room_for_postgres +
                        static_cast<std::uintmax_t>(wanted.redis) * room_for_redis;
    return static_cast<std::uintmax_t>(found.f_bavail) * found.f_frsize >= needed;
}

fs::path temporary_folder() {
    const char* named = std::getenv("TMPDIR");
    return named != nullptr && *named == '/' ? named : "/tmp";
}

std::string longest_socket(const fs::path& base, const settings& wanted) {
    const auto in_lab = [&](std::string_view kind, int count, std::string_view socket) {
        return base / (std::string{prefix} + std::string(random_letters, 'X')) /
               (std::string{kind} + std::to_string(count - 1)) / socket;
    };
    const std::string redis = wanted.redis > 0 ? in_lab("redis-", wanted.redis, "redis.sock") : "";
    const std::string postgres = wanted.postgres > 0 ? in_lab("postgres-", wanted.postgres, ".s.PGSQL.65535") : "";
    return redis.size() > postgres.size() ? redis : postgres;
}

unique_fd open_folder(const fs::path& folder) {
    return unique_fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
}

void sweep_one(const fs::path& folder) {
    const unique_fd lock = open_folder(folder);
    struct stat found = {};
    if (!lock || ::fstat(lock.get(), &found) != 0 || found.st_uid != ::geteuid() ||
        ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        return;
    }
    std::error_code error;
    fs::remove_all(folder, error);
}

}  // namespace

std::expected<fs::path, std::string> choose_base(const settings& wanted) {
    fs::path base = wanted.folder;
    if (base.empty()) {
        base = is_writable(memory_folder) && has_room(memory_folder, wanted) ? memory_folder : temporary_folder();
    }
    std::error_code error;
    base = fs::absolute(base, error);
    if (error || !is_writable(base)) {
        return std::unexpected{"no folder for private servers: " + base.native() + " is not writable"};
    }
    if (const std::string longest = longest_socket(base, wanted); longest.size() > longest_socket_path) {
        return std::unexpected{"the path of a socket below " + base.native() + " would take " +
                               std::to_string(longest.size()) + " bytes, and the system takes " +
                               std::to_string(longest_socket_path) + ": set TMPDIR to a shorter folder"};
    }
    return base;
}

void sweep(const fs::path& base) {
    std::array<fs::path, 4> places{base, memory_folder, temporary_folder(), "/tmp"};
    std::ranges::sort(places);
    const auto repeated = std::ranges::unique(places);
    for (auto place = places.begin(); place != repeated.begin(); ++place) {
        std::error_code error;
        for (const fs::directory_entry& entry : fs::directory_iterator{*place, error}) {
            if (entry.path().filename().native().starts_with(prefix)) {
                sweep_one(entry.path());
            }
        }
    }
}

std::expected<lab_folder, std::string> lab_folder::make(const fs::path& base, const account& servers) {
    const auto failure = [&] {
        return std::unexpected{"can't make a folder in " + base.native() + ": " + std::strerror(errno)};
    };
    for (;;) {
        std::string name = base / (std::string{prefix} + std::string(random_letters, 'X'));
        if (::mkdtemp(name.data()) == nullptr) {
            return failure();
        }
        unique_fd lock = open_folder(name);
        const bool locked = lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0;
        struct stat found = {};
        if (locked && ::fstat(lock.get(), &found) == 0 && found.st_nlink > 0) {
            lab_folder made{std::move(name), std::move(lock), servers};
            if (servers.foreign &&
                (::fchown(made.lock_.get(), ::geteuid(), servers.gid) != 0 || ::fchmod(made.lock_.get(), 0710) != 0)) {
                return failure();
            }
            return made;
        }
        // Somebody's sweep came between making and locking: the folder is theirs to remove, and we make another.
        const bool swept = locked || errno == ENOENT || errno == EWOULDBLOCK;
        if (!swept) {
            const int reason = errno;
            ::rmdir(name.c_str());
            errno = reason;
            return failure();
        }
    }
}

lab_folder::lab_folder(fs::path path, unique_fd lock, const account& servers)
    : path_{std::move(path)}, lock_{std::move(lock)}, servers_{servers} {}

lab_folder::~lab_folder() {
    if (lock_) {
        std::error_code error;
        fs::remove_all(path_, error);
    }
}

std::expected<fs::path, std::string> lab_folder::make_inner(const std::string& name) const {
    fs::path made = path_ / name;
    if (::mkdir(made.c_str(), 0700) != 0 ||
        (servers_.foreign && ::chown(made.c_str(), servers_.uid, servers_.gid) != 0)) {
        return std::unexpected{"can't make " + made.native() + ": " + std::strerror(errno)};
    }
    return made;
}

}  // namespace fiberlab::servers
