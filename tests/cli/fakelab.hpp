// Running the small fiberlab whose commands fail in every way (tests/fakelab).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/child.hpp"
#include "tests/support/paths.hpp"

namespace fiberlab::test {

inline std::string fakelab() {
    return std::filesystem::path{program()}.parent_path() / "tests/fakelab";
}

inline launch fakelab(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), fakelab());
    return {.arguments = std::move(arguments)};
}

inline bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace fiberlab::test
