// event_lines: an event as a line of a story: when, who, what, to what.
//
//   1.500 ms  worker 3      push squares (value 4)
#pragma once

#include <cstddef>
#include <string>

#include "apps/fiberlab/render/style.hpp"
#include "patterns/core/event.hpp"

namespace fiberlab::render {

class event_lines {
public:
    static constexpr std::size_t time_width = 9;

    event_lines(bool coloured, std::size_t width) : style_{coloured}, width_{width} {}

    // Wrapped below its own beginning where it is longer than the width; ends with a new line.
    std::string told(const event& happened);

private:
    style style_;
    std::size_t width_;
    std::size_t name_width_ = 12;  // of the column of fibers: it only grows
};

}  // namespace fiberlab::render
