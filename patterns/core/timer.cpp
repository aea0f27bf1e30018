#include "patterns/core/timer.hpp"

#include <stdexcept>

#include "patterns/core/runtime/seam.hpp"

namespace fiberlab {

ticker::ticker(duration period) : period_{period}, next_{after(period)} {
    if (period <= duration::zero()) {
        throw std::invalid_argument("a ticker's period must be longer than 0");
    }
}

void ticker::advance() noexcept {
    next_ += period_;
    const time_point now = clock::now();
    if (next_ < now) {
        const auto late = static_cast<std::uint64_t>((now - next_) / period_) + 1;
        missed_ += late;
        next_ += static_cast<std::int64_t>(late) * period_;
    }
}

status ticker::wait(const stop_token& stop) {
    const status woken = sleep_for(next_ - clock::now(), stop);
    if (woken == status::ok) {
        advance();
    }
    return woken;
}

}  // namespace fiberlab
