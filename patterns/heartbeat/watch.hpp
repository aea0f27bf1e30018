// watch: the other side of a heartbeat. It turns pulses and their absence into what they mean.
//
//   watch patient{life.pulses(), 35ms};
//   while (patient.next(stop) == sign::pulse) {}      // then: silent, ended or stopped
//
// next() blocks until the next pulse, and no longer than the time-out after the last one. It closes nothing.
#pragma once

#include <cstdint>

#include "patterns/heartbeat/heartbeat.hpp"

namespace fiberlab {

enum class [[nodiscard]] sign : std::uint8_t {
    pulse,    // it lives
    silent,   // no pulse for as long as the time-out: it hangs
    ended,    // the heartbeat is closed: there will never be another pulse
    stopped,  // the watch was called off
};

class watch {
public:
    watch(channel<pulse>& pulses, duration timeout) : pulses_{pulses}, timeout_{timeout}, since_{clock::now()} {}

    sign next(const stop_token& stop = {}) {
        const time_point deadline = timeout_ >= never - since_ ? never : since_ + timeout_;
        auto read = pulses_.pop_until(deadline, stop);
        if (!read && read.error() == status::timeout) {
            // When the whole machine stood still, the pulse and the time-out are due at once: the pulse counts.
            read = pulses_.try_pop();
        }
        since_ = clock::now();
        if (read) {
            return sign::pulse;
        }
        switch (read.error()) {
            case status::closed:
                return sign::ended;
            case status::stopped:
                return sign::stopped;
            default:
                return sign::silent;
        }
    }

private:
    channel<pulse>& pulses_;
    duration timeout_;
    time_point since_;  // when the last sign was read: pulses dropped since it was made may be younger
};

}  // namespace fiberlab
