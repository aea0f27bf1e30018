#include "patterns/core/byte_stream.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>
#include <system_error>
#include <utility>

#include "patterns/core/io.hpp"

namespace fiberlab {

namespace {

// A pipe of 1 MiB lets a fast neighbour run ahead; the usual 64 KiB costs a switch of processes that often.
constexpr int wide_pipe = 1 << 20;

bool would_block(int code) noexcept {
    return code == EAGAIN || code == EWOULDBLOCK;
}

bool on_helper(const stream_end& end) noexcept {
    return end.how() == stream_end::way::helper || end.how() == stream_end::way::helper_when_ready;
}

struct transferred {
    ssize_t count;
    int code;
};

transferred read_once(const stream_end& end, std::span<char> into) noexcept {
    const ssize_t count = end.how() == stream_end::way::socket
                              ? ::recv(end.number(), into.data(), into.size(), MSG_DONTWAIT)
                              : ::read(end.number(), into.data(), into.size());
    return {count, errno};
}

transferred write_once(const stream_end& end, std::string_view bytes) noexcept {
    const ssize_t count = end.how() == stream_end::way::socket
                              ? ::send(end.number(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                              : ::write(end.number(), bytes.data(), bytes.size());
    return {count, errno};
}

}  // namespace

std::string io_error::message() const {
    return how == status::ok ? std::generic_category().message(code) : std::string{to_string(how)};
}

// ---- descriptor

descriptor::descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}

descriptor& descriptor::operator=(descriptor&& other) noexcept {
    if (this != &other) {
        reset();
        number_ = std::exchange(other.number_, -1);
    }
    return *this;
}

int descriptor::release() noexcept {
    return std::exchange(number_, -1);
}

void descriptor::reset() noexcept {
    if (valid()) {
        ::close(release());
    }
}

// ---- stream_end

stream_end::stream_end(int number, bool writing) : borrowed_{number} {
    struct stat about{};
    if (fstat(number, &about) != 0 || S_ISREG(about.st_mode) || S_ISDIR(about.st_mode)) {
        return;
    }
    if (S_ISSOCK(about.st_mode)) {
        how_ = way::socket;
        return;
    }
    how_ = way::helper_when_ready;
    if (S_ISFIFO(about.st_mode)) {
        fcntl(number, F_SETPIPE_SZ, wide_pipe);
    }
    const std::string path = "/proc/self/fd/" + std::to_string(number);
    opened_ = descriptor{::open(path.c_str(), (writing ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
    if (opened_.valid()) {
        how_ = way::non_blocking;
    }
}

// ---- byte_reader

std::expected<byte_reader, std::string> byte_reader::open(const std::string& path) {
    if (path == "-") {
        return byte_reader{STDIN_FILENO};
    }
    // Opening a pipe by its name waits for the other end: not on the thread that runs fibers.
    const transferred opened = offload([&]() -> transferred {
        const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        return {number, errno};
    });
    if (opened.count < 0) {
        return std::unexpected{path + ": " + std::generic_category().message(opened.code)};
    }
    return byte_reader{descriptor{static_cast<int>(opened.count)}};
}

std::expected<std::size_t, io_error> byte_reader::read(std::span<char> into, const stop_token& stop) {
    for (;;) {
        if (stop.stop_requested()) {
            return std::unexpected{io_error{.how = status::stopped}};
        }
        if (end_.how() == stream_end::way::helper_when_ready &&
            wait_readable(end_.number(), never, stop) == status::stopped) {
            return std::unexpected{io_error{.how = status::stopped}};
        }
        const transferred done = on_helper(end_) ? offload([&] { return read_once(end_, into); })  //
                                                 : read_once(end_, into);
        if (done.count >= 0) {
            return static_cast<std::size_t>(done.count);
        }
        if (done.code == EINTR) {
            continue;
        }
        if (!would_block(done.code)) {
            return std::unexpected{io_error{.code = done.code}};
        }
        if (wait_readable(end_.number(), never, stop) == status::stopped) {
            return std::unexpected{io_error{.how = status::stopped}};
        }
    }
}

// ---- byte_writer

std::expected<byte_writer, std::string> byte_writer::create(const std::string& path) {
    if (path == "-") {
        return byte_writer{STDOUT_FILENO};
    }
    const transferred opened = offload([&]() -> transferred {
        constexpr mode_t for_all = 0666;
        const int number = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, for_all);
        return {number, errno};
    });
    if (opened.count < 0) {
        return std::unexpected{path + ": " + std::generic_category().message(opened.code)};
    }
    return byte_writer{descriptor{static_cast<int>(opened.count)}};
}

std::expected<void, io_error> byte_writer::write(std::string_view bytes, const stop_token& stop) {
    while (!bytes.empty()) {
        if (stop.stop_requested()) {
            return std::unexpected{io_error{.how = status::stopped}};
        }
        std::string_view part = bytes;
        if (end_.how() == stream_end::way::helper_when_ready) {
            if (wait_writable(end_.number(), never, stop) == status::stopped) {
                return std::unexpected{io_error{.how = status::stopped}};
            }
            part = part.substr(0, PIPE_BUF);  // what a pipe that can be written takes without blocking
        }
        const transferred done = on_helper(end_) ? offload([&] { return write_once(end_, part); })  //
                                                 : write_once(end_, part);
        if (done.count >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(done.count));
            continue;
        }
        if (done.code == EINTR) {
            continue;
        }
        if (done.code == EPIPE || done.code == ECONNRESET) {
            return std::unexpected{io_error{.how = status::closed, .code = done.code}};
        }
        if (!would_block(done.code)) {
            return std::unexpected{io_error{.code = done.code}};
        }
        if (wait_writable(end_.number(), never, stop) == status::stopped) {
            return std::unexpected{io_error{.how = status::stopped}};
        }
    }
    return {};
}

}  // namespace fiberlab
