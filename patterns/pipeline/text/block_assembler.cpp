#include "patterns/pipeline/text/block_assembler.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace fiberlab::pipeline_text {

block_assembler::block_assembler(block_limits limits) : limits_{limits} {
    limits_.block_bytes = std::max<std::size_t>(limits_.block_bytes, 1);
    limits_.line_bytes = std::max(limits_.line_bytes, limits_.block_bytes);
}

std::span<char> block_assembler::room() {
    if (used_ == buffer_.size()) {
        if (lines_end_ != 0) {
            throw std::logic_error{"block_assembler: take the lines before asking for more room"};
        }
        // One byte past the limit, so that a line of exactly that length still finds its newline.
        give_room(buffer_, std::clamp(buffer_.size() * 2, limits_.block_bytes, limits_.line_bytes + 1));
    }
    return std::span{buffer_}.subspan(used_);
}

std::expected<bool, std::string> block_assembler::commit(std::size_t bytes) {
    if (bytes > buffer_.size() - used_) {
        throw std::logic_error{"block_assembler: more bytes than there was room"};
    }
    if (bytes != 0) {
        if (const void* newline = memrchr(buffer_.data() + used_, '\n', bytes)) {
            lines_end_ = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_.data()) + 1;
        }
        used_ += bytes;
    }
    if (lines_end_ == 0 && used_ > limits_.line_bytes) {
        return std::unexpected{"a line is longer than " + human_size(limits_.line_bytes) +
                               ": text stages take whole lines; break it up first, for example with fold(1)"};
    }
    return lines_end_ != 0;
}

bool block_assembler::take(block& out) {
    const std::size_t size = lines_end_;
    if (size == 0) {
        out.clear();
        return false;
    }
    exchange(out, size);
    return true;
}

bool block_assembler::finish(block& out) {
    const std::size_t size = used_;
    if (size == 0) {
        out.clear();
        return false;
    }
    exchange(out, size);
    return true;
}

// `out` becomes the first `size` bytes, the buffer the rest.
void block_assembler::exchange(block& out, std::size_t size) {
    const std::size_t rest = used_ - size;
    if (out.capacity() > 2 * limits_.block_bytes) {
        block{}.swap(out);  // once held a line of great length: kept, a few of these would be the whole budget
    }
    out.clear();
    give_room(out, std::max(limits_.block_bytes, rest));
    std::memcpy(out.data(), buffer_.data() + size, rest);
    buffer_.resize(size);
    out.swap(buffer_);
    used_ = rest;
    lines_end_ = 0;
}

// Bytes that a read is about to overwrite need no zeros.
void block_assembler::give_room(block& buffer, std::size_t size) const {
    if (size <= buffer.capacity()) {
        buffer.resize_and_overwrite(size, [](char*, std::size_t n) { return n; });
        return;
    }
    block larger;
    larger.resize_and_overwrite(size, [&](char* to, std::size_t n) {
        std::ranges::copy(std::string_view{buffer}.substr(0, n), to);
        return n;
    });
    buffer.swap(larger);
}

}  // namespace fiberlab::pipeline_text
