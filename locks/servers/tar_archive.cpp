#include "locks/servers/tar_archive.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "locks/servers/unique_fd.hpp"

namespace fiberlab::servers {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t block = 512;
constexpr std::size_t end_mark = 2 * block;  // zeros
constexpr char is_folder = '5';
constexpr char is_file = '0';

// POSIX ustar; numbers are octal text.
struct header {
    std::array<char, 100> name{};
    std::array<char, 8> mode{};
    std::array<char, 8> uid{};
    std::array<char, 8> gid{};
    std::array<char, 12> size{};
    std::array<char, 12> time{};
    std::array<char, 8> checksum{};
    char type = '\0';
    std::array<char, 100> link{};
    std::array<char, 8> magic{'u', 's', 't', 'a', 'r', '\0', '0', '0'};
    std::array<char, 247> rest{};
};
static_assert(sizeof(header) == block);

template <std::size_t Size>
void put_octal(std::array<char, Size>& field, std::uintmax_t value) {
    std::snprintf(field.data(), Size, "%0*jo", static_cast<int>(Size - 1), value);
}

template <std::size_t Size>
std::uintmax_t get_octal(const std::array<char, Size>& field) {
    std::uintmax_t value = 0;
    for (const char digit : field) {
        if (digit < '0' || digit > '7') {
            break;
        }
        value = value * 8 + static_cast<std::uintmax_t>(digit - '0');
    }
    return value;
}

// The sum of all bytes, with its own field read as blanks.
std::uintmax_t sum_of(header made) {
    made.checksum.fill(' ');
    std::array<unsigned char, block> bytes{};
    std::memcpy(bytes.data(), &made, block);
    std::uintmax_t sum = 0;
    for (const unsigned char byte : bytes) {
        sum += byte;
    }
    return sum;
}

std::size_t padded(std::size_t size) {
    return (size + block - 1) / block * block;
}

bool write_all(int fd, std::span<const char> bytes) {
    while (!bytes.empty()) {
        const ssize_t size = ::write(fd, bytes.data(), bytes.size());
        if (size <= 0) {
            return false;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(size));
    }
    return true;
}

bool write_header(int archive, const std::string& name, const struct stat& found) {
    header made;
    if (name.size() >= made.name.size()) {
        return false;
    }
    std::ranges::copy(name, made.name.begin());
    const bool folder = S_ISDIR(found.st_mode);
    put_octal(made.mode, found.st_mode & 0777U);
    put_octal(made.uid, 0);
    put_octal(made.gid, 0);
    put_octal(made.size, folder ? 0 : static_cast<std::uintmax_t>(found.st_size));
    put_octal(made.time, static_cast<std::uintmax_t>(found.st_mtime));
    made.type = folder ? is_folder : is_file;
    put_octal(made.checksum, sum_of(made));
    std::array<char, block> bytes{};
    std::memcpy(bytes.data(), &made, block);
    return write_all(archive, bytes);
}

bool write_file(int archive, const fs::path& file, std::size_t size) {
    const unique_fd from{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    for (std::size_t left = size; left > 0;) {
        const ssize_t sent = from ? ::sendfile(archive, from.get(), nullptr, left) : -1;
        if (sent <= 0) {
            return false;
        }
        left -= static_cast<std::size_t>(sent);
    }
    constexpr std::array<char, block> zeros{};
    return write_all(archive, std::span{zeros}.first(padded(size) - size));
}

bool write_entry(int archive, const fs::path& path, const std::string& name) {
    struct stat found = {};
    if (::lstat(path.c_str(), &found) != 0) {
        return false;
    }
    if (S_ISDIR(found.st_mode)) {
        return write_header(archive, name, found);
    }
    return S_ISREG(found.st_mode) && write_header(archive, name, found) &&
           write_file(archive, path, static_cast<std::size_t>(found.st_size));
}

archive_result failed() {
    return std::unexpected{archive_failure::failed};
}
archive_result damaged() {
    return std::unexpected{archive_failure::damaged};
}
archive_result stopped() {
    return std::unexpected{archive_failure::stopped};
}

// A whole file in memory, to read from.
class mapping {
public:
    explicit mapping(int fd, std::size_t size)
        : start_{::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0)}, size_{size} {}
    mapping(mapping&&) = delete;
    ~mapping() {
        if (start_ != MAP_FAILED) {
            ::munmap(start_, size_);
        }
    }

    explicit operator bool() const noexcept { return start_ != MAP_FAILED; }
    std::span<const char> bytes() const noexcept { return {static_cast<const char*>(start_), size_}; }

private:
    void* start_;
    std::size_t size_;
};

bool make_entry(const fs::path& path, const header& entry, std::span<const char> content, const account& owner) {
    const auto mode = static_cast<mode_t>(get_octal(entry.mode) & 0777U);
    if (entry.type == is_folder) {
        return ::mkdir(path.c_str(), mode) == 0 &&
               (!owner.foreign || ::lchown(path.c_str(), owner.uid, owner.gid) == 0);
    }
    const unique_fd made{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
    return made && write_all(made.get(), content) &&
           (!owner.foreign || ::fchown(made.get(), owner.uid, owner.gid) == 0);
}

}  // namespace

archive_result pack(const fs::path& folder, const fs::path& archive, const keep_going& go_on) {
    const unique_fd to{::open(archive.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!to) {
        return failed();
    }
    std::error_code error;
    for (auto entry = fs::recursive_directory_iterator{folder, error}; entry != fs::recursive_directory_iterator{};
         entry.increment(error)) {
        if (!go_on()) {
            return stopped();
        }
        if (!write_entry(to.get(), entry->path(), entry->path().lexically_relative(folder))) {
            return failed();
        }
    }
    constexpr std::array<char, end_mark> zeros{};
    if (error || !write_all(to.get(), zeros)) {
        return failed();
    }
    return {};
}

archive_result unpack(const fs::path& archive, const fs::path& folder, const account& owner, const keep_going& go_on) {
    const unique_fd from{::open(archive.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    struct stat found = {};
    if (!from || ::fstat(from.get(), &found) != 0) {
        return damaged();
    }
    // Somebody else's file would be somebody else's code: a cluster can run programs.
    const auto whole = static_cast<std::size_t>(found.st_size);
    if (found.st_uid != ::geteuid() || whole <= end_mark || whole % block != 0) {
        return damaged();
    }
    const mapping mapped{from.get(), whole};
    if (!mapped) {
        return failed();
    }
    std::span<const char> rest = mapped.bytes();
    while (rest.size() > end_mark) {
        if (!go_on()) {
            return stopped();
        }
        header entry;
        std::memcpy(&entry, rest.data(), block);
        rest = rest.subspan(block);
        const std::size_t size = get_octal(entry.size);
        if (sum_of(entry) != get_octal(entry.checksum) || entry.name.back() != '\0' || padded(size) > rest.size()) {
            return damaged();
        }
        if (!make_entry(folder / entry.name.data(), entry, rest.first(size), owner)) {
            return failed();
        }
        rest = rest.subspan(padded(size));
    }
    const bool ended = rest.size() == end_mark && std::ranges::all_of(rest, [](char byte) { return byte == '\0'; });
    return ended ? archive_result{} : damaged();
}

}  // namespace fiberlab::servers
