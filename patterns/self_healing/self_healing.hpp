// steward: keeps a ward alive. It listens to the ward's heartbeat and starts the ward anew when that stops, whether the
// ward hangs or has failed.
//
//   steward keeper{"indexer", [&](heartbeat& life, const stop_token& stop) -> outcome {
//                      while (auto job = next_job()) { life.beat(); … }     // waits through life, heeds stop
//                      return {};                                           // finished: not started again
//                  },
//                  {.timeout = 50ms, .keep = {.restarts = {.restarts = 3}}};
//   const stewardship done = keeper.run(stop);
//
// A ward that falls silent is told to stop, *and waited for*, before the next one starts: until it has returned it may
// still hold, or write, what the next one would. So a ward must heed its stop token; one that ignores it holds up its
// steward, in the open (a deadlock report names both), rather than running beside its successor.
// run() blocks until the ward has finished, the restart budget is spent or `stop` fires; no ward is left when it
// returns. What the ward needs from one life to the next lives outside of it.
#pragma once

#include <functional>
#include <utility>

#include "patterns/core/fiber.hpp"
#include "patterns/core/task_group.hpp"
#include "patterns/heartbeat/heartbeat.hpp"
#include "patterns/heartbeat/watch.hpp"
#include "patterns/self_healing/keep_running.hpp"

namespace fiberlab {

using ward = std::function<outcome(heartbeat& life, const stop_token& stop)>;

struct steward_settings {
    duration interval = std::chrono::milliseconds{10};  // of the ward's pulses
    duration timeout = std::chrono::milliseconds{40};   // of silence, that ends a ward
    keep_settings keep{};
};

// Runs the ward to its end, which closes its heartbeat. An exception is its error.
inline ward_result live(const ward& kept, heartbeat& life, const stop_token& stop) {
    const heartbeat::to_the_end closes{life};
    try {
        const outcome done = kept(life, stop);
        return done ? ward_result{} : ward_result{ward_end::failed, done.error().message};
    } catch (const std::exception& thrown) {
        return {ward_end::failed, thrown.what()};
    }
}

class steward {
public:
    steward(name called, ward kept, steward_settings settings)
        : called_{called}, kept_{std::move(kept)}, settings_{std::move(settings)} {}

    stewardship run(const stop_token& stop) {
        return keep_running(settings_.keep, stop, [&](std::size_t /*run*/) { return attend(stop); });
    }

private:
    // One ward, from its start to its end.
    ward_result attend(const stop_token& stop) {
        heartbeat life{called_, settings_.interval};
        stop_source ending{stop, called_};
        ward_result result;
        fiber living = spawn(called_, [&] { result = live(kept_, life, ending.token()); });

        watch patient{life.pulses(), settings_.timeout};
        sign seen = patient.next(stop);
        while (seen == sign::pulse) {
            seen = patient.next(stop);
        }
        if (seen == sign::silent) {
            ending.request_stop("no sign of life");
        }
        living.join();
        if (seen == sign::silent) {
            result = {ward_end::silent, "no sign of life"};
        }
        return result;
    }

    name called_;
    ward kept_;
    steward_settings settings_;
};

}  // namespace fiberlab
