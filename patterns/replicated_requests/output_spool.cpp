#include "patterns/replicated_requests/output_spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "patterns/core/io.hpp"

namespace fiberlab {

namespace {

// A file that goes with its descriptor, in the folder for such files.
std::expected<descriptor, io_error> nameless_file() {
    return offload([]() -> std::expected<descriptor, io_error> {
        std::error_code missing;
        const std::filesystem::path folder = std::filesystem::temp_directory_path(missing);
        if (missing) {
            return std::unexpected{io_error{.code = missing.value()}};
        }
        constexpr mode_t for_us = 0600;
        descriptor made{::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, for_us)};
        if (!made.valid()) {
            // A file system that can't: give it a name and take that away.
            std::string name = (folder / "fiberlab-XXXXXX").string();
            made = descriptor{::mkostemp(name.data(), O_CLOEXEC)};
            if (!made.valid()) {
                return std::unexpected{io_error{.code = errno}};
            }
            ::unlink(name.c_str());
        }
        return made;
    });
}

}  // namespace

std::expected<void, io_error> output_spool::append(std::string_view bytes) {
    size_ += bytes.size();
    if (!file_.valid() && memory_.size() + bytes.size() <= limit_) {
        memory_ += bytes;
        return {};
    }
    if (!file_.valid()) {
        auto made = nameless_file();
        if (!made) {
            return std::unexpected{made.error()};
        }
        file_ = *std::move(made);
        if (auto written = byte_writer{file_.get()}.write(std::exchange(memory_, {})); !written) {
            return written;
        }
    }
    return byte_writer{file_.get()}.write(bytes);
}

std::expected<void, io_error> output_spool::write_to(int number, const stop_token& stop) const {
    byte_writer out{number};
    if (!file_.valid()) {
        return out.write(memory_, stop);
    }
    ::lseek(file_.get(), 0, SEEK_SET);
    byte_reader from{file_.get()};
    constexpr std::size_t block = 256U * 1024;
    std::vector<char> bytes(block);
    for (;;) {
        const auto count = from.read(bytes, stop);
        if (!count) {
            return std::unexpected{count.error()};
        }
        if (*count == 0) {
            return {};
        }
        if (auto written = out.write({bytes.data(), *count}, stop); !written) {
            return written;
        }
    }
}

}  // namespace fiberlab
