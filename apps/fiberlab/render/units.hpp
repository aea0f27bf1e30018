// units: quantities as a person reads them. "1.25 ms", "1,234,567", "3.4 GiB".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "patterns/core/time.hpp"

namespace fiberlab::render {

// Four digits at most, in the largest unit that gives a number of at least 1: "1.235 ms". From a minute on: "1 min 30
// s".
std::string human(duration d);

// As above with all four digits, so that a column of them lines up: "1.500 ms".
std::string human_fixed(duration d);

std::string grouped(std::int64_t n);      // 1234567 → "1,234,567"
std::string human_bytes(std::int64_t n);  // 3565158 → "3.4 MiB"

// A figure by the unit at the end of its key: wait_ns, read_bytes, full_percent, busy_permille, won_per_s; else
// a number.
std::string human_figure(std::string_view key, std::int64_t value);

// The key without its unit and with blanks: "items_in" → "items in", "wait_ns" → "wait".
std::string spoken(std::string_view key);

}  // namespace fiberlab::render
