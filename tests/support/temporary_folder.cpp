#include "tests/support/temporary_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>

namespace fiberlab::test {

namespace fs = std::filesystem;

temporary_folder::temporary_folder() {
    const fs::path memory = "/dev/shm";
    const fs::path base = ::access(memory.c_str(), W_OK | X_OK) == 0 ? memory : fs::temp_directory_path();
    std::string made = base / ("test-" + std::string(6, 'X'));
    if (::mkdtemp(made.data()) == nullptr) {
        throw std::runtime_error("no temporary folder");
    }
    // Another user's server must be able to pass through it.
    ::chmod(made.c_str(), 0711);
    path_ = made;
}

temporary_folder::~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

}  // namespace fiberlab::test
