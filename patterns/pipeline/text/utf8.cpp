#include "patterns/pipeline/text/utf8.hpp"

#include <cstdint>

namespace fiberlab::pipeline_text {

namespace {

// 0 when no well-formed character begins here.
std::size_t well_formed(std::string_view text, std::size_t at) noexcept {
    const auto byte = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[at + i]); };
    const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
        return at + i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return continues(1) ? 2 : 0;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        const bool second = continues(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
        return second && continues(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const bool second = continues(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
        return second && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace

bool is_ascii(std::string_view text) noexcept {
    // A loop of known length is one that the compiler turns into vector instructions at -O2.
    constexpr std::size_t step = 256;
    std::size_t at = 0;
    for (; at + step <= text.size(); at += step) {
        std::uint8_t all = 0;
        for (std::size_t i = 0; i < step; ++i) {
            all = static_cast<std::uint8_t>(all | static_cast<unsigned char>(text[at + i]));
        }
        if (all >= 0x80) {
            return false;
        }
    }
    std::uint8_t all = 0;
    for (; at < text.size(); ++at) {
        all = static_cast<std::uint8_t>(all | static_cast<unsigned char>(text[at]));
    }
    return all < 0x80;
}

bool is_utf8(std::string_view text) noexcept {
    constexpr std::size_t step = 32;
    for (std::size_t at = 0; at < text.size();) {
        if (at + step <= text.size() && is_ascii(text.substr(at, step))) {
            at += step;
            continue;
        }
        // Text in another script has few runs of ASCII: a stretch of it before the next try.
        for (const std::size_t stop = at + step; at < text.size() && at < stop;) {
            const std::size_t length = well_formed(text, at);
            if (length == 0) {
                return false;
            }
            at += length;
        }
    }
    return true;
}

std::size_t character_length(std::string_view text, std::size_t at) noexcept {
    const std::size_t length = well_formed(text, at);
    return length == 0 ? 1 : length;
}

}  // namespace fiberlab::pipeline_text
