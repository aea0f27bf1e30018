// files: a test's view of what is on the disk.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace fiberlab::test {

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);
std::vector<std::string> names_below(const std::filesystem::path& folder);  // of all that is in it, at any depth

}  // namespace fiberlab::test
