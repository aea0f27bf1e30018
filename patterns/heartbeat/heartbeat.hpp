// heartbeat: signs of life from a fiber, so that others can tell a working one from one that hangs and one that ended.
//
//   heartbeat life{"worker", 10ms};
//   spawn("worker", [&] {
//       const heartbeat::to_the_end closes{life};                       // on every path out, exceptions included
//       while (life.select(receive(units, unit), done(stop)).how == status::ok) {
//           life.beat();                                                // a unit of work begins
//           …
//           life.select(send(results, result), done(stop));             // pulses for as long as nobody takes it
//       }
//   });
//   watch patient{life.pulses(), 35ms};                                 // the other side: watch.hpp
//
// The pulses come from the fiber that works and from no other: a second fiber that pulsed on its behalf would only
// prove that the second one lives. So a fiber that computes for long must call beat() itself, and one that waits must
// wait through select() or sleep_for() here. Nothing blocks but select() and sleep_for(), and those only for what they
// wait for: a pulse is offered, never waited with. One that finds the last one unread is dropped, for that one says the
// same. Who closes: the fiber whose life it is.
#pragma once

#include <algorithm>
#include <cstdint>

#include "patterns/core/channel.hpp"
#include "patterns/core/select.hpp"
#include "patterns/core/timer.hpp"

namespace fiberlab {

struct pulse {
    time_point at;
    std::uint64_t number = 0;  // from 1; dropped ones are counted, too
};

class heartbeat {
public:
    heartbeat(name called, duration interval) : pulses_{called, 1}, every_{interval} {}

    // The life of one fiber: its end closes the pulses.
    class to_the_end {
    public:
        explicit to_the_end(heartbeat& life) noexcept : life_{life} {}
        ~to_the_end() { life_.close(); }
        to_the_end(const to_the_end&) = delete;
        to_the_end& operator=(const to_the_end&) = delete;
        to_the_end(to_the_end&&) = delete;
        to_the_end& operator=(to_the_end&&) = delete;

    private:
        heartbeat& life_;
    };

    // A pulse now, outside the interval: work goes on. Never blocks. False when the last one has not been read yet.
    bool beat() {
        const bool taken = pulses_.try_push(pulse{clock::now(), ++made_}) == status::ok;
        dropped_ += taken ? 0 : 1;
        return taken;
    }

    // As fiberlab::select, and pulses at every interval for as long as it waits.
    template <class... Cases>
    selected select(const Cases&... cases) {
        for (;;) {
            const selected chosen = select_until(every_.next(), cases...);
            if (chosen.how != status::timeout) {
                return chosen;
            }
            every_.advance();
            beat();
        }
    }

    // As fiberlab::sleep_for, and pulses meanwhile.
    status sleep_for(duration d, const stop_token& stop = {}) {
        for (const time_point end = after(d); clock::now() < end;) {
            if (select_until(std::min(end, every_.next()), done(stop)).how == status::stopped) {
                return status::stopped;
            }
            if (every_.next() <= clock::now()) {
                every_.advance();
                beat();
            }
        }
        return status::ok;
    }

    void close() noexcept { pulses_.close(); }

    channel<pulse>& pulses() noexcept { return pulses_; }
    std::uint64_t made() const noexcept { return made_; }
    std::uint64_t dropped() const noexcept { return dropped_; }

private:
    channel<pulse> pulses_;
    ticker every_;
    std::uint64_t made_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace fiberlab
