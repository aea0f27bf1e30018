// keep_running: runs something again and again until it finishes, its restart budget is spent, or it is told to stop.
//
//   const stewardship done = keep_running({.restarts = 3}, stop,
//       [&](std::size_t run) { return ward_result{.how = ward_end::failed, .why = "no route"}; },
//       [&](const ward_report& ended) { log(ended); });
//
// What a run is, is the caller's: a ward (self_healing.hpp), a child process (supervisor.hpp). It must have ended, with
// everything it started, when it returns: the next one begins after it. Blocks meanwhile, and between the runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "patterns/core/stop.hpp"
#include "patterns/self_healing/restart_policy.hpp"

namespace fiberlab {

enum class ward_end : std::uint8_t {
    finished,  // its work is done
    failed,    // it ended with an error
    silent,    // its heartbeat stopped, and it was ended
    stopped,   // whoever keeps it was told to stop
    hopeless,  // it can't even be started
};

constexpr std::string_view to_string(ward_end how) noexcept {
    switch (how) {
        case ward_end::finished:
            return "finished";
        case ward_end::failed:
            return "failed";
        case ward_end::silent:
            return "silent";
        case ward_end::stopped:
            return "stopped";
        case ward_end::hopeless:
            break;
    }
    return "hopeless";
}

struct ward_result {
    ward_end how = ward_end::finished;
    std::string why{};  // its error, for a person
};

// One run, as it is told when it has ended.
struct ward_report {
    std::size_t run = 0;  // from 1
    ward_result result{};
    std::optional<duration> restart_in{};  // nullopt: it is not started again
};

struct stewardship {
    ward_result last{};
    std::size_t runs = 0;
    bool budget_spent = false;
};

struct keep_settings {
    restart_settings restarts{};
    bool always = false;  // start it again when it has finished, too
    std::function<void(const ward_report&)> on_end{};
};

template <class Run>
stewardship keep_running(const keep_settings& settings, const stop_token& stop, Run&& run) {
    restart_policy policy{settings.restarts};
    stewardship so_far;
    for (;;) {
        so_far.last = run(++so_far.runs);
        std::optional<duration> pause;
        if (stop.stop_requested()) {
            so_far.last.how = ward_end::stopped;
        }
        const ward_end how = so_far.last.how;
        const bool wanted =
            how == ward_end::failed || how == ward_end::silent || (how == ward_end::finished && settings.always);
        if (wanted) {
            pause = policy.next();
            so_far.budget_spent = !pause.has_value();
        }
        if (settings.on_end) {
            settings.on_end({.run = so_far.runs, .result = so_far.last, .restart_in = pause});
        }
        if (!pause) {
            return so_far;
        }
        if (sleep_for(*pause, stop) == status::stopped) {
            so_far.last.how = ward_end::stopped;
            return so_far;
        }
    }
}

}  // namespace fiberlab
