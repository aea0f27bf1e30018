// The three kinds of value that need more than text: a count, a duration, a ratio.
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "patterns/demo/parameters.hpp"

namespace fiberlab::demo {

namespace {

// A decimal number as digits, so that "2.5s" is 2,500,000,000 ns and not what a double makes of it.
struct decimal {
    std::int64_t digits = 0;  // of 2.5: 25
    std::int64_t scale = 1;   // of 2.5: 10
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Takes the number that `text` begins with; nothing when there is none or it is too large.
std::optional<decimal> take_decimal(std::string_view& text) {
    decimal taken;
    bool any = false;
    bool after_point = false;
    while (!text.empty() && (is_digit(text.front()) || (text.front() == '.' && !after_point))) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c == '.') {
            after_point = true;
            continue;
        }
        any = true;
        if (__builtin_mul_overflow(taken.digits, 10, &taken.digits) ||
            __builtin_add_overflow(taken.digits, c - '0', &taken.digits) ||
            (after_point && __builtin_mul_overflow(taken.scale, 10, &taken.scale))) {
            return std::nullopt;
        }
    }
    return any ? std::optional{taken} : std::nullopt;
}

// number × unit, when that is a whole number that fits.
std::optional<std::int64_t> times(decimal number, std::int64_t unit) {
    // 2.5 × 1000: what the fraction shares with the unit goes first, lest a long fraction overflow.
    while (number.scale > 1 && unit % 10 == 0) {
        number.scale /= 10;
        unit /= 10;
    }
    std::int64_t product = 0;
    if (__builtin_mul_overflow(number.digits, unit, &product) || product % number.scale != 0) {
        return std::nullopt;
    }
    return product / number.scale;
}

struct unit {
    std::string_view name;
    std::int64_t of = 1;
};

// The longer name first where one begins with another.
constexpr std::array<unit, 9> time_units{{{"ns", 1},
                                          {"us", 1'000},
                                          {"µs", 1'000},
                                          {"ms", 1'000'000},
                                          {"min", 60'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"s", 1'000'000'000},
                                          {"h", 3'600'000'000'000},
                                          {"d", 86'400'000'000'000}}};

constexpr std::array<unit, 5> count_units{
    {{"", 1}, {"k", 1'000}, {"K", 1'000}, {"M", 1'000'000}, {"G", 1'000'000'000}}};

std::string quoted(std::string_view text) {
    return "'" + std::string{text} + "'";
}

}  // namespace

fiberlab::duration parse_duration(std::string_view text) {
    if (text == "0") {
        return fiberlab::duration{0};
    }
    const auto refuse = [&](std::string_view why) -> fiberlab::duration {
        throw usage_error{quoted(text) + " " + std::string{why} + ": write 250ms, 5s or 1m30s"};
    };
    std::string_view rest = text;
    std::int64_t sum = 0;
    do {
        const auto number = take_decimal(rest);
        if (!number) {
            return refuse("is no duration");
        }
        const unit* found = nullptr;
        for (const unit& candidate : time_units) {
            if (rest.starts_with(candidate.name)) {
                found = &candidate;
                break;
            }
        }
        if (found == nullptr) {
            return refuse(rest.empty() ? "has no unit" : "has no known unit");
        }
        rest.remove_prefix(found->name.size());
        const auto part = times(*number, found->of);
        if (!part || __builtin_add_overflow(sum, *part, &sum)) {
            return refuse("is too long or too fine to count in nanoseconds");
        }
    } while (!rest.empty());
    return fiberlab::duration{sum};
}

std::int64_t parse_count(std::string_view text) {
    std::string_view rest = text;
    const bool negative = rest.starts_with('-');
    if (negative) {
        rest.remove_prefix(1);
    }
    if (const auto number = take_decimal(rest)) {
        for (const unit& suffix : count_units) {
            if (rest == suffix.name) {
                if (const auto whole = times(*number, suffix.of)) {
                    return negative ? -*whole : *whole;
                }
            }
        }
    }
    throw usage_error{quoted(text) + " is no whole number: write 500, 10k or 2M"};
}

double parse_ratio(std::string_view text) {
    std::string_view digits = text;
    const bool percent = digits.ends_with('%');
    if (percent) {
        digits.remove_suffix(1);
    }
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(value)) {
        throw usage_error{quoted(text) + " is no ratio: write 0.05 or 5%"};
    }
    return percent ? value / 100 : value;
}

}  // namespace fiberlab::demo
