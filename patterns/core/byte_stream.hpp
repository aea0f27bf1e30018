// byte_reader, byte_writer: a file, pipe, terminal or socket as a stream of bytes that blocks only the fiber.
//
// Regular files are read and written on a helper thread, for the kernel has no other way. Pipes and terminals are
// opened anew in non-blocking mode where /proc allows it: the flag belongs to the open file, and setting it on a
// descriptor that other programs share (a terminal!) would change theirs too. Sockets use MSG_DONTWAIT.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "patterns/core/status.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab {

struct io_error {
    status how = status::ok;  // stopped, or closed when the other side is gone (EPIPE); ok: see code
    int code = 0;             // errno
    std::string message() const;
};

class descriptor {  // owns a file descriptor
public:
    descriptor() noexcept = default;
    explicit descriptor(int owned) noexcept : number_{owned} {}
    ~descriptor() { reset(); }
    descriptor(descriptor&& other) noexcept;
    descriptor& operator=(descriptor&& other) noexcept;
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    int get() const noexcept { return number_; }
    bool valid() const noexcept { return number_ >= 0; }
    int release() noexcept;
    void reset() noexcept;

private:
    int number_ = -1;
};

// How a descriptor can be used without blocking the thread.
class stream_end {
public:
    enum class way {
        non_blocking,
        socket,
        helper,             // a regular file
        helper_when_ready,  // could not be opened anew: waited for here, then read or written on a helper thread
    };
    stream_end(int number, bool writing);  // borrows `number`; what it opens itself it closes
    int number() const noexcept { return opened_.valid() ? opened_.get() : borrowed_; }
    way how() const noexcept { return how_; }

private:
    int borrowed_;
    descriptor opened_;
    way how_ = way::helper;
};

class byte_reader {
public:
    explicit byte_reader(int borrowed) : end_{borrowed, false} {}
    // "-" is standard input. The error says what could not be opened and why.
    static std::expected<byte_reader, std::string> open(const std::string& path);

    // How many bytes came, at most into.size(); 0 at the end. Blocks until there is at least one.
    std::expected<std::size_t, io_error> read(std::span<char> into, const stop_token& stop = {});

private:
    explicit byte_reader(descriptor owned) : owned_{std::move(owned)}, end_{owned_.get(), false} {}
    descriptor owned_;
    stream_end end_;
};

class byte_writer {
public:
    explicit byte_writer(int borrowed) : end_{borrowed, true} {}
    // Creates or empties the file; "-" is standard output.
    static std::expected<byte_writer, std::string> create(const std::string& path);

    // Writes all of it, or says why not: closed when the reader has gone. Blocks while the other side is full.
    std::expected<void, io_error> write(std::string_view bytes, const stop_token& stop = {});

private:
    explicit byte_writer(descriptor owned) : owned_{std::move(owned)}, end_{owned_.get(), true} {}
    descriptor owned_;
    stream_end end_;
};

}  // namespace fiberlab
