#include "patterns/pipeline/text/block.hpp"

#include <algorithm>
#include <cstdint>

namespace fiberlab::pipeline_text {

block_limits block_limits::within(std::size_t budget_bytes, std::size_t blocks_alive) noexcept {
    constexpr std::size_t least_line = std::size_t{64} << 10;
    constexpr std::size_t least_block = std::size_t{4} << 10;
    const block_limits most;
    // A stage that makes lines longer may hold a full block and one line more, in a buffer that has doubled.
    const std::size_t share = budget_bytes / std::max<std::size_t>(blocks_alive, 1) / 2;
    block_limits made;
    made.block_bytes = std::clamp(share / 4, least_block, most.block_bytes);
    made.line_bytes = std::clamp(share - std::min(share, made.block_bytes), least_line, most.line_bytes);
    return made;
}

std::string human_size(std::size_t bytes) {
    constexpr std::size_t kib = 1024;
    // In the largest unit that says it exactly, or well enough.
    const auto fits = [&](std::size_t unit) { return bytes >= 10 * unit || (bytes >= unit && bytes % unit == 0); };
    if (fits(kib * kib)) {
        return std::to_string(bytes / (kib * kib)) + " MiB";
    }
    return fits(kib) ? std::to_string(bytes / kib) + " KiB" : std::to_string(bytes) + " bytes";
}

std::size_t count_lines(std::string_view text) noexcept {
    // A loop of known length is one that the compiler turns into vector instructions at -O2.
    constexpr std::size_t step = 128;
    std::size_t lines = 0;
    std::size_t at = 0;
    for (; at + step <= text.size(); at += step) {
        std::uint8_t here = 0;
        for (std::size_t i = 0; i < step; ++i) {
            here = static_cast<std::uint8_t>(here + (text[at + i] == '\n'));
        }
        lines += here;
    }
    for (; at < text.size(); ++at) {
        lines += text[at] == '\n';
    }
    return lines + (!text.empty() && text.back() != '\n');
}

}  // namespace fiberlab::pipeline_text
