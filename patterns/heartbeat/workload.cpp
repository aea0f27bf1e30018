#include "patterns/heartbeat/workload.hpp"

#include <deque>
#include <optional>
#include <string>

#include "patterns/core/fiber.hpp"
#include "patterns/core/task_group.hpp"
#include "patterns/demo/command.hpp"
#include "patterns/heartbeat/as_written.hpp"
#include "patterns/heartbeat/heartbeat.hpp"
#include "patterns/heartbeat/watch.hpp"

namespace fiberlab::demos {

namespace {

using namespace std::chrono_literals;

// A careless watch would read for ever: who watches the watch has seen enough after so many pulses that nobody sent.
constexpr std::uint64_t enough = 1'000;
constexpr std::uint64_t enough_when_exploring = 10;

// In real time others use the machine, too.
constexpr duration real_time_slack = 500ms;

enum class fate : std::uint8_t { works, unheard, hangs, dies };

// A worker as it really was, in its own record, and as its monitor took it to be.
struct worker {
    worker(name who, fate end, duration interval, const stop_token& parent)
        : called{who}, will{end}, life{who, interval}, stop{parent, who} {}

    name called;
    fate will;
    heartbeat life;
    stop_source stop;

    std::int64_t units_done = 0;
    std::optional<time_point> hung;
    std::optional<time_point> died;
    std::int64_t long_waits = 0;  // results that nobody took for longer than the time-out
    std::int64_t long_waits_without_pulse = 0;

    std::uint64_t pulses_read = 0;
    std::optional<time_point> judged_hung;
    std::optional<time_point> judged_dead;
    bool watch_given_up = false;  // it read what nobody sent
};

struct workload {
    std::int64_t units = 0;
    std::int64_t steady = 0;
    duration interval{};
    duration timeout{};
    bool small = false;
};

class play {
public:
    play(const demo::stage& on, workload with) : stage_{on}, load_{with}, results_{"results"} { cast_workers(); }

    template <class Watch>
    demo::report run();

private:
    void cast_workers();
    void work(worker& self);
    bool deliver(worker& self);
    void consume();
    template <class Watch>
    void monitor(worker& of);
    demo::report conclude();
    void check_notice(demo::report& into);
    void check_work(demo::report& into);

    const demo::stage& stage_;
    workload load_;
    channel<std::int64_t> results_;
    std::deque<worker> workers_;
    demo::latency blocked_;
};

void play::cast_workers() {
    const auto cast = [&](name called, fate will) { workers_.emplace_back(called, will, load_.interval, stage_.stop); };
    if (!load_.small) {
        for (std::int32_t i = 0; i < load_.steady; ++i) {
            cast({"steady", i}, fate::works);
        }
        cast("unheard", fate::unheard);
        cast("hangs", fate::hangs);
    }
    cast("dies", fate::dies);
}

// Hands a result over, and notes whether pulses went on while it waited.
bool play::deliver(worker& self) {
    const time_point since = clock::now();
    const std::uint64_t before = self.life.made();
    std::int64_t result = self.units_done;
    const selected sent = self.life.select(send(results_, result), done(self.stop.token()));
    const duration waited = clock::now() - since;
    blocked_.record(waited);
    if (waited > load_.timeout) {
        const auto pulses = static_cast<std::int64_t>(self.life.made() - before);
        ++self.long_waits;
        self.long_waits_without_pulse += pulses == 0 ? 1 : 0;
        stage_.tell("kept_beating", self.called, {{"waited_ns", waited.count()}, {"pulses", pulses}},
                    "nobody took its result");
    }
    return sent.how == status::ok;
}

void play::work(worker& self) {
    const heartbeat::to_the_end closes{self.life};
    const std::int64_t fateful = load_.units / 2;
    for (std::int64_t unit = 0; unit < load_.units; ++unit) {
        if (self.stop.stop_requested()) {
            return;
        }
        self.life.beat();
        if (self.will == fate::hangs && unit == fateful) {
            self.hung = clock::now();
            stage_.tell("hang", self.called, {{"unit", unit}},
                        "waits for something that never comes, and does not pulse");
            self.stop.token().wait();
            return;
        }
        if (self.will == fate::dies && unit == fateful) {
            self.died = clock::now();
            stage_.tell("die", self.called, {{"unit", unit}}, "its end closes its heartbeat");
            return;
        }
        if (self.life.sleep_for(draw(load_.interval / 4, load_.interval * 3), self.stop.token()) != status::ok ||
            !deliver(self)) {
            return;
        }
        ++self.units_done;
    }
    stage_.tell("finish", self.called, {{"units", self.units_done}});
}

// Slower than the workers at one point, by far: their results have to wait.
void play::consume() {
    std::int64_t taken = 0;
    for ([[maybe_unused]] const std::int64_t result : results_) {
        if (++taken == 1) {
            const duration pause = load_.timeout * 3;
            stage_.tell("pause", "consumer", {{"for_ns", pause.count()}}, "takes no results for a while");
            [[maybe_unused]] const status cut_short = sleep_for(pause, stage_.stop);
        }
    }
}

template <class Watch>
void play::monitor(worker& of) {
    Watch patient{of.life.pulses(), load_.timeout};
    for (;;) {
        switch (patient.next(stage_.stop)) {
            case sign::pulse:
                if (++of.pulses_read < of.life.made() + (load_.small ? enough_when_exploring : enough)) {
                    continue;
                }
                of.watch_given_up = true;
                stage_.tell("misread", of.called, {{"pulses_read", static_cast<std::int64_t>(of.pulses_read)}},
                            "its heart beat " + std::to_string(of.life.made()) +
                                " times: the rest is a closed channel, read as healthy, busy and without end");
                return;
            case sign::silent:
                of.judged_hung = clock::now();
                stage_.tell("silent", of.called, {{"timeout_ns", load_.timeout.count()}}, "taken to hang, and stopped");
                of.stop.request_stop("no sign of life");
                return;
            case sign::ended:
                of.judged_dead = clock::now();
                stage_.tell("ended", of.called, {}, "its heartbeat is closed");
                return;
            case sign::stopped:
                return;
        }
    }
}

template <class Watch>
demo::report play::run() {
    task_group monitors{"monitors"};
    fiber consumer = spawn("consumer", [this] { consume(); });
    {
        task_group working{"workers"};
        for (worker& each : workers_) {
            working.go(each.called, [this, &each] { work(each); });
            if (each.will != fate::unheard) {
                monitors.go(name::of("watch " + each.called.str()), [this, &each] { monitor<Watch>(each); });
            }
        }
        // Joined, not stopped: a group's destructor would tell the workers to.
        [[maybe_unused]] const outcome worked = working.wait();
    }
    [[maybe_unused]] const outcome watched = monitors.wait();
    results_.close();
    consumer.join();
    return conclude();
}

void play::check_notice(demo::report& into) {
    demo::latency notice;
    std::uint64_t gone = 0;
    std::uint64_t late = 0;
    std::uint64_t watched = 0;
    std::uint64_t false_alarms = 0;
    std::string who;
    const duration allowed = load_.timeout + (stage_.time == demo::timing::real ? real_time_slack : 0ns);
    for (const worker& each : workers_) {
        if (each.will == fate::unheard) {
            continue;
        }
        ++watched;
        false_alarms += each.judged_hung && !each.hung ? 1 : 0;
        const auto& since = each.hung ? each.hung : each.died;
        const auto& noticed = each.hung ? each.judged_hung : each.judged_dead;
        if (!since || (!noticed && stage_.stop.stop_requested())) {
            continue;
        }
        ++gone;
        if (noticed) {
            notice.record(*noticed - *since);
        }
        if (!noticed || *noticed - *since > allowed) {
            ++late;
            who += (who.empty() ? "" : ", ") + ("'" + each.called.str() + "' " + (noticed ? "late" : "never"));
        }
    }
    into.count("alarms", static_cast<std::int64_t>(notice.summary().count));
    into.count("false_alarms", static_cast<std::int64_t>(false_alarms));
    into.timing("time_to_notice", notice);
    into.check("each worker that hung or died was noticed within the time-out", late == 0, gone,
               who.empty() ? "" : "noticed " + who);
    into.check("no working worker was taken to hang", false_alarms == 0, watched);
}

void play::check_work(demo::report& into) {
    std::uint64_t waits = 0;
    std::uint64_t mute = 0;
    std::int64_t unheard_units = 0;
    for (const worker& each : workers_) {
        waits += static_cast<std::uint64_t>(each.long_waits);
        mute += static_cast<std::uint64_t>(each.long_waits_without_pulse);
        if (each.will == fate::unheard) {
            unheard_units = each.units_done;
        }
    }
    if (load_.small) {
        return;
    }
    into.check("pulses went on while a result waited longer than the time-out", mute == 0, waits);
    into.check("the worker whose pulses nobody reads did all its work",
               unheard_units == load_.units || stage_.stop.stop_requested(), static_cast<std::uint64_t>(unheard_units),
               std::to_string(unheard_units) + " of " + std::to_string(load_.units) + " units");
}

demo::report play::conclude() {
    demo::report made;
    std::int64_t units = 0;
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;
    std::uint64_t read = 0;
    std::uint64_t invented = 0;
    std::string who;
    for (const worker& each : workers_) {
        const std::uint64_t offered = each.life.made() - each.life.dropped();
        units += each.units_done;
        sent += each.life.made();
        dropped += each.life.dropped();
        read += each.pulses_read;
        if (each.pulses_read > offered) {
            invented += each.pulses_read - offered;
            who += (who.empty() ? "" : "; ") + ("'" + each.called.str() + "': sent " + std::to_string(offered) +
                                                ", read " + std::to_string(each.pulses_read));
        }
        if (each.watch_given_up) {
            who += " (and no end)";
        }
    }
    made.count("units_done", units);
    made.count("pulses_sent", static_cast<std::int64_t>(sent));
    made.count("pulses_dropped", static_cast<std::int64_t>(dropped));
    made.count("pulses_read", static_cast<std::int64_t>(read));
    made.check("each pulse that was read had been sent", invented == 0, read, who);
    check_notice(made);
    check_work(made);
    made.timing("result_waited", blocked_);
    return made;
}

}  // namespace

demo::report watch_workers(const demo::stage& on) {
    const demo::parameters& options = on.options;
    workload with{.units = options.count("items"),
                  .steady = options.count("workers"),
                  .interval = options.duration("interval"),
                  .timeout = options.duration("timeout"),
                  .small = on.exploring};
    if (with.timeout <= with.interval) {
        throw demo::usage_error{"--timeout must be longer than --interval: a pulse comes that often"};
    }
    if (on.exploring) {
        with.units = 2;
    }
    play of_it{on, with};
    return options.text("variant") == "fixed" ? of_it.run<watch>() : of_it.run<careless_watch>();
}

}  // namespace fiberlab::demos
