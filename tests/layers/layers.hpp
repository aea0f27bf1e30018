// layers: which file may include what. Linking can't enforce it, so the #include lines of the tree are read.
//
//   for (const violation& found : check_layers("path/to/checkout")) { … str(found) … }
//   // patterns/tee/tee.hpp:7: includes "locks/core/lease.hpp": a pattern knows no locks
//
// Dependencies point one way: apps → demos → patterns, locks → patterns/core → Boost, std. The rules are in layers.cpp.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace fiberlab::test {

struct violation {
    std::string file;  // from the root of the tree
    std::size_t line = 0;
    std::string reason;
};

std::string str(const violation& found);  // "file:line: reason"

// All violations in apps/, patterns/ and locks/ below `root`, in the order of their files. Throws
// std::filesystem::filesystem_error when `root` has none of these folders: an empty tree would always pass.
std::vector<violation> check_layers(const std::filesystem::path& root);

}  // namespace fiberlab::test
