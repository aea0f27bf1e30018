// careless_watch: the watch as it is usually written. A closed channel is always ready, and this one takes ready for
// alive: once the heart has stopped for good it reads pulses without end, busy, and calls the dead one healthy.
#pragma once

#include <optional>

#include "patterns/core/select.hpp"
#include "patterns/heartbeat/watch.hpp"

namespace fiberlab {

class careless_watch {
public:
    careless_watch(channel<pulse>& pulses, duration timeout) : pulses_{pulses}, timeout_{timeout} {}

    sign next(const stop_token& stop = {}) {
        std::optional<pulse> read;
        const selected chosen = select_until(after(timeout_), receive(pulses_, read), done(stop));
        switch (chosen.index) {
            case 0:
                return sign::pulse;  // whatever chosen.how says
            case 1:
                return sign::stopped;
            default:
                return sign::silent;
        }
    }

private:
    channel<pulse>& pulses_;
    duration timeout_;
};

}  // namespace fiberlab
