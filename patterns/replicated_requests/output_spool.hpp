// output_spool: keeps what a program prints until it is known whether anybody wants it.
//
//   output_spool kept;
//   kept.append(bytes);                       // in memory; past a limit in a file without a name
//   kept.write_to(STDOUT_FILENO, stop);       // all of it, in order
//
// Blocks the fiber only while it writes. An error of the file is kept, and told by write_to.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "patterns/core/byte_stream.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab {

class output_spool {
public:
    explicit output_spool(std::size_t in_memory = 4U << 20U) : limit_{in_memory} {}

    std::expected<void, io_error> append(std::string_view bytes);
    std::expected<void, io_error> write_to(int number, const stop_token& stop = {}) const;
    std::size_t size() const noexcept { return size_; }

private:
    std::size_t limit_;
    std::size_t size_ = 0;
    std::string memory_;
    descriptor file_;  // once there is one it holds all
};

}  // namespace fiberlab
