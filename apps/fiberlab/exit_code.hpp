// exit_code: what the program ends with, and what `fiberlab help exit-codes` says about it.
#pragma once

#include <string_view>
#include <vector>

namespace fiberlab::cli::exit_code {

inline constexpr int done = 0;
inline constexpr int internal = 1;
inline constexpr int usage = 2;
inline constexpr int back_end = 3;
inline constexpr int broken = 4;
inline constexpr int inconclusive = 5;
inline constexpr int signalled = 128;  // plus the signal's number

struct meaning {
    std::string_view code;
    std::string_view text;
};

const std::vector<meaning>& all();

}  // namespace fiberlab::cli::exit_code
