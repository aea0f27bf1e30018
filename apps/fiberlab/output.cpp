#include "apps/fiberlab/output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "patterns/demo/parameters.hpp"

namespace fiberlab::cli {

namespace {

constexpr std::size_t piece = 64 * 1024;

}  // namespace

output::output(int descriptor, screen* shared) : descriptor_{descriptor}, screen_{shared} {}

output::output(const std::string& path, std::string_view option)
    : descriptor_{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)}, owned_{true} {
    if (descriptor_ < 0) {
        throw demo::usage_error{std::string{option} + ": " + path + " can't be written: " + std::strerror(errno)};
    }
}

output::~output() {
    flush();
    if (owned_) {
        ::close(descriptor_);
    }
}

void output::write(std::string_view text) {
    if (closed_ || failure_ != 0) {
        return;
    }
    waiting_ += text;
    if (waiting_.size() >= piece) {
        flush();
    }
}

void output::flush() {
    const std::string text = std::exchange(waiting_, {});
    std::string_view rest = text;
    std::optional<std::lock_guard<std::mutex>> lock;
    if (screen_ != nullptr && !rest.empty()) {
        lock.emplace(screen_->access);
        if (std::exchange(screen_->has_progress, false)) {
            constexpr std::string_view erase = "\r\033[K";
            (void)!::write(STDERR_FILENO, erase.data(), erase.size());
        }
    }
    while (!rest.empty()) {
        const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            // Somebody else made the terminal or pipe that we share with them non-blocking.
            pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
            (void)::poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            closed_ = errno == EPIPE;
            failure_ = closed_ ? 0 : errno;
            lock.reset();
            if (on_end_) {
                on_end_();
            }
            return;
        }
    }
}

void output::check() const {
    if (failure_ != 0) {
        throw output_error{std::string{"the output can't be written: "} + std::strerror(failure_)};
    }
}

}  // namespace fiberlab::cli
