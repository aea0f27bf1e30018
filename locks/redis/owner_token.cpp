#include "locks/redis/owner_token.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <span>
#include <string_view>
#include <system_error>

namespace fiberlab::locks::redis {

namespace {

// At most 256 bytes: the kernel then gives all of them, and no signal comes in between.
void fill(std::span<std::byte> bytes) {
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw std::system_error(errno, std::generic_category(), "getrandom");
    }
}

}  // namespace

std::string make_owner_token() {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<std::byte, 16> bytes{};
    fill(bytes);
    std::string text;
    text.reserve(2 * bytes.size());
    for (const std::byte b : bytes) {
        text += digits[std::to_integer<std::size_t>(b >> 4U)];
        text += digits[std::to_integer<std::size_t>(b & std::byte{15})];
    }
    return text;
}

std::uint64_t unpredictable_number() {
    std::uint64_t number = 0;
    fill(std::as_writable_bytes(std::span{&number, 1}));
    return number;
}

}  // namespace fiberlab::locks::redis
