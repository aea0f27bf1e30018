// suggest: "did you mean …?"
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberlab::cli {

// How many insertions, deletions, replacements and swaps of neighbours lead from one to the other.
std::size_t typing_distance(std::string_view a, std::string_view b);

// The candidate that was most likely meant; nothing when none is near.
std::optional<std::string> closest(std::string_view typed, const std::vector<std::string>& candidates);

}  // namespace fiberlab::cli
