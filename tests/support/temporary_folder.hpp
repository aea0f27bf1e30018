// temporary_folder: an empty folder for a test, removed with all that is in it. It stands in /dev/shm where that is
// writable, so that the paths of sockets in it stay short.
#pragma once

#include <filesystem>

namespace fiberlab::test {

class temporary_folder {
public:
    temporary_folder();
    temporary_folder(temporary_folder&&) = delete;
    ~temporary_folder();

    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace fiberlab::test
