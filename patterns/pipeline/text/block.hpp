// block: what travels between text stages, a run of whole lines in one buffer. Only the last block of an input may end
// without a newline.
//
//   const auto limits = block_limits::within(40 << 20, blocks_alive);
//
// Buffers are worth keeping: block_assembler::take and the stages swap them instead of allocating, so hand an old block
// back in rather than a new one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fiberlab::pipeline_text {

using block = std::string;

struct block_limits {
    std::size_t block_bytes = std::size_t{256} << 10;  // a block stops growing here, at a line's end
    std::size_t line_bytes = std::size_t{16} << 20;    // a longer line is an error: memory has to stay bounded

    // The largest limits, up to the defaults, with which so many blocks at once stay within the budget, even if each
    // holds one line of the greatest length. Never below 4 KiB a block and 64 KiB a line.
    static block_limits within(std::size_t budget_bytes, std::size_t blocks_alive) noexcept;
};

std::string human_size(std::size_t bytes);  // "16 MiB"

// An unterminated last line counts.
std::size_t count_lines(std::string_view text) noexcept;

}  // namespace fiberlab::pipeline_text
