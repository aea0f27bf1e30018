// ticker: a pulse every so often, after Go's time.Ticker.
//
//   ticker every{50ms};
//   while (every.wait(stop) == status::ok) { pulse(); }
//
// The beats are kept by the clock, not by the caller: a beat that was missed because the caller was late is skipped,
// and counted, instead of following at once.
#pragma once

#include <cstdint>

#include "patterns/core/status.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab {

class ticker {
public:
    explicit ticker(duration period);  // period > 0, or std::invalid_argument

    status wait(const stop_token& stop = {});           // blocks until the next beat: ok, or stopped
    time_point next() const noexcept { return next_; }  // for select_until
    void advance() noexcept;                            // to the first beat after now
    std::uint64_t missed() const noexcept { return missed_; }

private:
    duration period_;
    time_point next_;
    std::uint64_t missed_ = 0;
};

}  // namespace fiberlab
