#include "patterns/self_healing/child_output.hpp"

#include <unistd.h>

namespace fiberlab {

child_output::child_output(const process& child) {
    pumps_.go("child's stdout", [this, from = child.output()] { pass_on(from, STDOUT_FILENO); });
    pumps_.go("child's stderr", [this, from = child.errors()] { pass_on(from, STDERR_FILENO); });
}

void child_output::pass_on(int from, int to) {
    constexpr std::size_t block = 64U * 1024;
    std::vector<char> bytes(block);
    byte_reader reader{from};
    byte_writer writer{to};
    const stop_token stop = pumps_.token();
    for (;;) {
        const auto count = reader.read(bytes, stop);
        if (!count || *count == 0) {
            return;
        }
        last_ = clock::now();
        ++passing_on_;
        const auto written = writer.write({bytes.data(), *count}, stop);
        --passing_on_;
        last_ = clock::now();
        if (!written) {
            if (written.error().how == status::closed && to == STDOUT_FILENO) {
                reader_gone_ = true;
                gone_.request_stop("reader gone");
            }
            return;
        }
    }
}

void child_output::finish(duration at_most) {
    pumps_.stop().stop_after(at_most);
    [[maybe_unused]] const outcome done = pumps_.wait();
}

}  // namespace fiberlab
