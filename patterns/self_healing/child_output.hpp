// child_output: passes what a child prints on to our own streams, unchanged, and knows when it last printed.
//
//   child_output through{child, stop};
//   … if (through.silent_for() >= timeout) …
//   through.finish(5s);     // blocks until all of it has been passed on
//
// While our own reader is the one that keeps us waiting, the child is not silent: it may be held up by that.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "patterns/core/byte_stream.hpp"
#include "patterns/core/process.hpp"
#include "patterns/core/task_group.hpp"

namespace fiberlab {

class child_output {
public:
    explicit child_output(const process& child);

    duration silent_for() const noexcept { return passing_on_ > 0 ? duration{} : clock::now() - last_; }
    bool reader_gone() const noexcept { return reader_gone_; }
    stop_token when_reader_gone() const noexcept { return gone_.token(); }

    // Once the child's family has ended: waits for what is still on its way, for a blocked reader no longer than that.
    void finish(duration at_most);

private:
    void pass_on(int from, int to);

    time_point last_ = clock::now();
    int passing_on_ = 0;
    bool reader_gone_ = false;
    stop_source gone_{"reader gone"};
    task_group pumps_{"child's output"};
};

}  // namespace fiberlab
