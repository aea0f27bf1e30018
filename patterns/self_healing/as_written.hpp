// Two stewards as they are usually written, each with one mistake.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <utility>

#include "patterns/heartbeat/as_written.hpp"
#include "patterns/self_healing/self_healing.hpp"

namespace fiberlab {

// It tells the silent ward to stop and starts the next one at once. The old one is still on its way out: two wards.
class hasty_steward {
public:
    hasty_steward(name called, ward kept, steward_settings settings)
        : called_{called}, kept_{std::move(kept)}, settings_{std::move(settings)} {}

    stewardship run(const stop_token& stop) {
        return keep_running(settings_.keep, stop, [&](std::size_t /*run*/) { return attend(stop); });
    }

private:
    struct life_of_ward {
        life_of_ward(name called, duration interval, const stop_token& stop)
            : life{called, interval}, ending{stop, called} {}
        heartbeat life;
        stop_source ending;
        ward_result result;
        fiber living;
    };

    ward_result attend(const stop_token& stop) {
        life_of_ward& now = lives_.emplace_back(called_, settings_.interval, stop);
        now.living = spawn(called_, [&] { now.result = live(kept_, now.life, now.ending.token()); });

        watch patient{now.life.pulses(), settings_.timeout};
        sign seen = patient.next(stop);
        while (seen == sign::pulse) {
            seen = patient.next(stop);
        }
        if (seen == sign::silent) {
            now.ending.request_stop("no sign of life");
            return {ward_end::silent, "no sign of life"};  // without now.living.join()
        }
        now.living.join();
        return now.result;
    }

    name called_;
    ward kept_;
    steward_settings settings_;
    std::list<life_of_ward> lives_;  // joined at last: a demonstration must not leak
};

// Its watch takes a closed heartbeat for a healthy one: a ward that has failed is never started again, and the steward
// is busy for ever. `on_pulse` lets a demonstration see that, and end it.
class trusting_steward {
public:
    using observer = std::function<void(const heartbeat& life, std::uint64_t pulses_read)>;

    trusting_steward(name called, ward kept, steward_settings settings, observer on_pulse)
        : called_{called}, kept_{std::move(kept)}, settings_{std::move(settings)}, on_pulse_{std::move(on_pulse)} {}

    stewardship run(const stop_token& stop) {
        return keep_running(settings_.keep, stop, [&](std::size_t /*run*/) { return attend(stop); });
    }

private:
    ward_result attend(const stop_token& stop) {
        heartbeat life{called_, settings_.interval};
        stop_source ending{stop, called_};
        ward_result result;
        fiber living = spawn(called_, [&] { result = live(kept_, life, ending.token()); });

        careless_watch careless{life.pulses(), settings_.timeout};
        sign seen = careless.next(stop);
        for (std::uint64_t read = 1; seen == sign::pulse; ++read) {
            on_pulse_(life, read);
            seen = careless.next(stop);
        }
        ending.request_stop("no sign of life");
        living.join();
        if (seen == sign::silent) {
            result = {ward_end::silent, "no sign of life"};
        }
        return result;
    }

    name called_;
    ward kept_;
    steward_settings settings_;
    observer on_pulse_;
};

}  // namespace fiberlab
