#include "apps/fiberlab/render/text.hpp"

#include <algorithm>
#include <array>

namespace fiberlab::render {

namespace {

constexpr std::string_view replacement = "\uFFFD";
constexpr char glue = '\x1f';  // never shown: printable() lets no such character through

struct range {
    char32_t first;
    char32_t last;
};

// East Asian wide and full-width characters and emoji, by blocks: enough for names and messages. The C library's
// wcwidth depends on the locale, and the output must not.
constexpr std::array<range, 14> wide{{{0x1100, 0x115F},
                                      {0x231A, 0x231B},
                                      {0x23E9, 0x23F3},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0x33FF},
                                      {0x3400, 0x4DBF},
                                      {0x4E00, 0x9FFF},
                                      {0xA000, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};

// Marks that combine with the character before them, joiners and variation selectors.
constexpr std::array<range, 8> none{{{0x0300, 0x036F},
                                     {0x0483, 0x0489},
                                     {0x0591, 0x05BD},
                                     {0x064B, 0x065F},
                                     {0x200B, 0x200F},
                                     {0x20D0, 0x20FF},
                                     {0xFE00, 0xFE0F},
                                     {0xFE20, 0xFE2F}}};

template <std::size_t N>
bool in(const std::array<range, N>& ranges, char32_t c) {
    return std::ranges::any_of(ranges, [c](const range& r) { return c >= r.first && c <= r.last; });
}

struct decoded {
    char32_t character = 0;
    std::size_t bytes = 1;
    bool valid = false;
};

decoded decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) {
        return {first, 1, true};
    }
    const std::size_t bytes = first >= 0xF0 ? 4 : (first >= 0xE0 ? 3 : 2);
    if (first < 0xC2 || first > 0xF4 || text.size() < bytes) {
        return {};
    }
    char32_t c = first & (0x7FU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) {
            return {};
        }
        c = (c << 6U) | (byte(i) & 0x3FU);
    }
    const bool overlong = (bytes == 3 && c < 0x800) || (bytes == 4 && c < 0x10000);
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    return overlong || surrogate || c > 0x10FFFF ? decoded{} : decoded{c, bytes, true};
}

// The length of the colour sequence (ESC [ … m) that `text` begins with, or 0.
std::size_t colour_sequence(std::string_view text) {
    if (!text.starts_with("\033[")) {
        return 0;
    }
    const std::size_t end = text.find_first_not_of("0123456789;", 2);
    return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    while (!text.empty()) {
        const decoded next = decode(text);
        const bool control = next.character < 0x20 || (next.character >= 0x7F && next.character < 0xA0);
        if (next.character == '\t' || next.character == '\n') {
            safe += ' ';
        } else if (!next.valid || control) {
            safe += replacement;
        } else {
            safe += text.substr(0, next.bytes);
        }
        text.remove_prefix(next.bytes);
    }
    return safe;
}

std::size_t columns(std::string_view utf8) {
    std::size_t sum = 0;
    while (!utf8.empty()) {
        if (const std::size_t skipped = colour_sequence(utf8); skipped != 0) {
            utf8.remove_prefix(skipped);
            continue;
        }
        const decoded next = decode(utf8);
        sum += in(none, next.character) ? 0 : (in(wide, next.character) ? 2 : 1);
        utf8.remove_prefix(next.bytes);
    }
    return sum;
}

std::string left(std::string_view utf8, std::size_t width) {
    const std::size_t taken = columns(utf8);
    return std::string{utf8} + std::string(width > taken ? width - taken : 0, ' ');
}

std::string right(std::string_view utf8, std::size_t width) {
    const std::size_t taken = columns(utf8);
    return std::string(width > taken ? width - taken : 0, ' ') + std::string{utf8};
}

std::string glued(std::string text) {
    std::ranges::replace(text, ' ', glue);
    return text;
}

std::vector<std::string> wrapped(std::string_view utf8, std::size_t width) {
    std::vector<std::string> lines{""};
    std::size_t used = 0;
    while (!utf8.empty()) {
        const std::size_t end = std::min(utf8.find(' '), utf8.size());
        const std::string_view word = utf8.substr(0, end);
        utf8.remove_prefix(std::min(end + 1, utf8.size()));
        if (word.empty()) {
            continue;
        }
        const std::size_t size = columns(word);
        if (used != 0 && used + 1 + size > width) {
            lines.emplace_back();
            used = 0;
        }
        if (used != 0) {
            lines.back() += ' ';
            ++used;
        }
        lines.back() += word;
        used += size;
    }
    for (std::string& line : lines) {
        std::ranges::replace(line, glue, ' ');
    }
    return lines;
}

}  // namespace fiberlab::render
