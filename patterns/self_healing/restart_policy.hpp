// restart_policy: whether something that ended may be started again, and after which pause.
//
//   restart_policy policy{{.restarts = 5, .window = 1min, .back_off = 100ms}};
//   while (const std::optional<duration> pause = policy.next()) { sleep_for(*pause, stop); start_it(); }
//   // nullopt: the budget is spent, and somebody should hear of it
//
// The budget is a number of restarts within a sliding window: what fails again and again is broken, not unlucky. The
// pause doubles with each restart in the window, up to a limit, so that a struggling neighbour gets room to recover; a
// quiet window begins anew with the first. Of each pause a half is drawn: wards that fell together, because what they
// all depend on failed, must not come back together.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab {

struct restart_settings {
    std::size_t restarts = 5;
    duration window = std::chrono::minutes{1};
    duration back_off = std::chrono::milliseconds{100};  // before the first restart
    duration most = std::chrono::seconds{10};            // the pause grows no longer
};

class restart_policy {
public:
    explicit restart_policy(const restart_settings& settings) : settings_{settings} {}

    // The pause before the next restart, which it counts as made; nullopt when the budget is spent.
    std::optional<duration> next() {
        const time_point now = clock::now();
        while (!recent_.empty() && now >= recent_.front() && now - recent_.front() >= settings_.window) {
            recent_.pop_front();
        }
        if (recent_.size() >= settings_.restarts) {
            return std::nullopt;
        }
        duration pause = std::min(settings_.back_off, settings_.most);
        for (std::size_t doubled = 0; doubled < recent_.size() && pause < settings_.most; ++doubled) {
            pause = pause > settings_.most / 2 ? settings_.most : pause * 2;
        }
        pause = draw(pause / 2, pause);
        recent_.push_back(now + pause);
        return pause;
    }

private:
    restart_settings settings_;
    std::deque<time_point> recent_;  // when they were, or will be, made
};

}  // namespace fiberlab
