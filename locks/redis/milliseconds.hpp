// milliseconds: a duration as the server takes it: a whole number, rounded up, so that the server's lock never expires
// before ours does.
#pragma once

#include <array>
#include <charconv>
#include <string_view>

#include "patterns/core/time.hpp"

namespace fiberlab::locks::redis {

class milliseconds {
public:
    explicit milliseconds(duration d) noexcept {
        const auto whole = std::chrono::ceil<std::chrono::milliseconds>(d).count();
        end_ = std::to_chars(digits_.data(), digits_.data() + digits_.size(), whole).ptr;
    }
    std::string_view text() const noexcept { return {digits_.data(), end_}; }

private:
    std::array<char, 24> digits_{};
    const char* end_ = nullptr;
};

}  // namespace fiberlab::locks::redis
