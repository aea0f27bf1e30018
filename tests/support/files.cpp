#include "tests/support/files.hpp"

#include <fstream>
#include <iterator>

namespace fiberlab::test {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream{path, std::ios::binary} << text;
}

std::vector<std::string> names_below(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& each : std::filesystem::recursive_directory_iterator{folder}) {
        names.push_back(each.path().lexically_relative(folder));
    }
    return names;
}

}  // namespace fiberlab::test
