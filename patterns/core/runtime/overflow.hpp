// overflow_guard: while one lives, a fiber that overflows its stack into the guard page is named on standard error and
// the process ends with exit code 1. Any other fault keeps its default action.
#pragma once

namespace fiberlab {

class overflow_guard {
public:
    overflow_guard();
    ~overflow_guard();
    overflow_guard(const overflow_guard&) = delete;
    overflow_guard& operator=(const overflow_guard&) = delete;
    overflow_guard(overflow_guard&&) = delete;
    overflow_guard& operator=(overflow_guard&&) = delete;
};

}  // namespace fiberlab
