#include "apps/fiberlab/render/units.hpp"

#include <fmt/format.h>

#include <array>

namespace fiberlab::render {

namespace {

struct unit {
    std::string_view name;
    std::int64_t ns;
};

constexpr std::array<unit, 4> units{{{"ns", 1}, {"µs", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}}};
constexpr std::int64_t minute = 60'000'000'000;

// Of a value of three digits before the point, one is left after it, and so on.
std::int64_t parts_shown(std::int64_t whole) {
    return whole >= 100 ? 10 : (whole >= 10 ? 100 : 1'000);
}

std::string below_a_minute(std::int64_t ns, bool all_digits) {
    if (ns < 1'000) {
        return fmt::format("{} ns", ns);
    }
    std::size_t i = ns < units[2].ns ? 1 : (ns < units[3].ns ? 2 : 3);
    std::int64_t parts = 1;
    std::int64_t scaled = 0;
    for (;; ++i) {
        parts = parts_shown(ns / units[i].ns);
        scaled = (ns + units[i].ns / parts / 2) / (units[i].ns / parts);
        if (scaled < 1'000 * parts || i + 1 == units.size()) {
            break;  // otherwise rounding reached the next unit
        }
    }
    const auto digits = parts == 1'000 ? 3 : (parts == 100 ? 2 : 1);
    std::string text = fmt::format("{}.{:0{}}", scaled / parts, scaled % parts, digits);
    if (!all_digits) {
        text.erase(text.find_last_not_of('0') + 1);
        if (text.ends_with('.')) {
            text.pop_back();
        }
    }
    return fmt::format("{} {}", text, units[i].name);
}

std::string human(std::int64_t ns, bool all_digits) {
    if (ns < 0) {
        return "-" + human(ns == INT64_MIN ? INT64_MAX : -ns, all_digits);
    }
    if (ns == 0) {
        return "0";
    }
    if (ns < minute) {
        return below_a_minute(ns, all_digits);
    }
    const std::int64_t seconds = ns / 1'000'000'000;
    if (seconds < 3'600) {
        return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    }
    if (seconds < 86'400) {
        return fmt::format("{} h {} min", seconds / 3'600, seconds % 3'600 / 60);
    }
    return fmt::format("{} d {} h", seconds / 86'400, seconds % 86'400 / 3'600);
}

constexpr std::array<std::string_view, 6> unit_endings{"_ns",       "_bytes", "_percent",
                                                       "_permille", "_per_s", "_per_second"};

}  // namespace

std::string human(duration d) {
    return human(d.count(), false);
}

std::string human_fixed(duration d) {
    return human(d.count(), true);
}

std::string grouped(std::int64_t n) {
    std::string digits = fmt::format("{}", n);
    const std::size_t first = digits.front() == '-' ? 1 : 0;
    for (std::size_t at = digits.size(); at > first + 3;) {
        at -= 3;
        digits.insert(at, ",");
    }
    return digits;
}

std::string human_bytes(std::int64_t n) {
    constexpr std::array<std::string_view, 5> names{"B", "KiB", "MiB", "GiB", "TiB"};
    if (n < 1024) {
        return fmt::format("{} B", n);
    }
    auto value = static_cast<double>(n);
    std::size_t i = 0;
    while (value >= 1023.95 && i + 1 < names.size()) {
        value /= 1024;
        ++i;
    }
    return fmt::format("{:.1f} {}", value, names[i]);
}

std::string human_figure(std::string_view key, std::int64_t value) {
    if (key.ends_with("_ns")) {
        return human(duration{value});
    }
    if (key.ends_with("_bytes")) {
        return human_bytes(value);
    }
    if (key.ends_with("_percent")) {
        return fmt::format("{} %", value);
    }
    if (key.ends_with("_permille")) {
        return fmt::format("{:.1f} %", static_cast<double>(value) / 10);
    }
    if (key.ends_with("_per_s") || key.ends_with("_per_second")) {
        return grouped(value) + " /s";
    }
    return grouped(value);
}

std::string spoken(std::string_view key) {
    for (const std::string_view ending : unit_endings) {
        if (key.size() > ending.size() && key.ends_with(ending)) {
            key.remove_suffix(ending.size());
            break;
        }
    }
    std::string text{key};
    for (char& c : text) {
        if (c == '_') {
            c = ' ';
        }
    }
    return text;
}

}  // namespace fiberlab::render
