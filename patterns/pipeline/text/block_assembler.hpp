// block_assembler: turns reads of any size into blocks of whole lines. Reads go straight into the block; only the
// unfinished last line is copied, to the front of the next one.
//
//   block_assembler lines{limits};
//   block b;
//   while (const std::size_t n = read_some(lines.room())) {
//       if (const auto ready = lines.commit(n); !ready) {
//           return fail(ready.error());
//       } else if (*ready) {
//           b = spare_block();               // its storage becomes the next buffer
//           lines.take(b);
//           send(std::move(b));
//       }
//   }
//   if (lines.finish(b)) send(std::move(b));
//
// After a commit that says so the caller may read on while room() is not used up, for larger blocks, or take at once,
// for a terminal or `tail -f`. Nothing blocks; one thread at a time.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>

#include "patterns/pipeline/text/block.hpp"

namespace fiberlab::pipeline_text {

class block_assembler {
public:
    explicit block_assembler(block_limits limits = {});

    // Where the next bytes go; never empty, valid until the next call. Throws std::logic_error when the buffer is full
    // of lines that nobody took.
    [[nodiscard]] std::span<char> room();

    // `bytes` were written to the front of room(). Whether there are whole lines to take; the error says that a line is
    // longer than the limit, and ends the input.
    [[nodiscard]] std::expected<bool, std::string> commit(std::size_t bytes);

    // The whole lines so far, exchanged for the storage of `out`. False, and `out` empty, when there are none.
    bool take(block& out);

    // At the end of the input: all that is left, the unterminated last line included. False when that is nothing.
    bool finish(block& out);

private:
    void exchange(block& out, std::size_t size);
    void give_room(block& buffer, std::size_t size) const;

    block_limits limits_;
    block buffer_;  // its size is the room there is; the first used_ bytes have been read
    std::size_t used_ = 0;
    std::size_t lines_end_ = 0;  // just past the last newline read
};

}  // namespace fiberlab::pipeline_text
