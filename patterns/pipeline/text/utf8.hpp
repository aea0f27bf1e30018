// utf8: whether text is ASCII or UTF-8, and how long its characters are.
#pragma once

#include <cstddef>
#include <string_view>

namespace fiberlab::pipeline_text {

constexpr bool is_alphanumeric(char c) noexcept {  // of ASCII
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

constexpr bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20;
}

bool is_ascii(std::string_view text) noexcept;
bool is_utf8(std::string_view text) noexcept;  // as RFC 3629: no overlong form, no surrogate

// Bytes of the character at `at`, which is in `text`; 1 for a byte that begins none.
std::size_t character_length(std::string_view text, std::size_t at) noexcept;

}  // namespace fiberlab::pipeline_text
