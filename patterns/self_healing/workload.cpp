#include "patterns/self_healing/workload.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "patterns/core/task_group.hpp"
#include "patterns/self_healing/as_written.hpp"
#include "patterns/self_healing/self_healing.hpp"

namespace fiberlab::demos {

namespace {

using namespace std::chrono_literals;

// In real time others use the machine, too.
constexpr duration real_time_slack = 500ms;

// Pulses read beyond those sent, after which a steward that reads a closed heartbeat has been seen through.
constexpr std::uint64_t enough = 1'000;
constexpr std::uint64_t enough_when_exploring = 10;

enum class fate : std::uint8_t { works, hangs_once, fails_twice, never_works };

// What outlives a ward: its list of things to do, and the record of what really happened to it.
struct job {
    job(name who, fate end, std::size_t items) : called{who}, will{end}, done(items, 0) {}

    name called;
    fate will;
    std::size_t next = 0;
    std::vector<int> done;  // how often each item was

    int inside = 0;
    int most_inside = 0;
    duration together{};  // how long there were two
    std::optional<time_point> two_since;

    std::vector<time_point> starts;
    time_point ended;  // the last ward to end
    bool given_up = false;
    std::uint64_t pulses_invented = 0;
};

class play {
public:
    explicit play(const demo::stage& on);
    demo::report run();

private:
    outcome work(job& self, heartbeat& life, const stop_token& stop);
    outcome items(job& self, std::size_t run, heartbeat& life, const stop_token& stop);
    outcome hang(job& self, const stop_token& stop);
    void enter(job& self);
    void leave(job& self);
    void keep(job& of);
    stewardship stand_by(job& of, const stop_source& watched);
    void heard(job& of, const ward_report& ended);
    void noticed(const job& of, duration after);
    void never_noticed(const job& of);
    void see_through(job& of, const heartbeat& life, std::uint64_t read, const stop_source& watched);
    demo::report conclude();
    void check_wards(demo::report& into) const;
    void check_restarts(demo::report& into) const;

    const demo::stage& stage_;
    steward_settings settings_;
    std::deque<job> jobs_;
    demo::latency notice_;
    demo::latency pauses_;
    std::int64_t failures_ = 0;
    std::int64_t silences_ = 0;
    std::uint64_t late_ = 0;
    std::uint64_t never_ = 0;
    std::string unnoticed_who_;
};

play::play(const demo::stage& on) : stage_{on} {
    const demo::parameters& options = on.options;
    settings_.interval = options.duration("interval");
    settings_.timeout = options.has_value("timeout") ? options.duration("timeout") : settings_.interval * 4;
    settings_.keep.restarts = {.restarts = static_cast<std::size_t>(options.count("restarts")),
                               .window = options.duration("window"),
                               .back_off = options.duration("back-off"),
                               .most = options.duration("max-back-off")};
    if (settings_.timeout <= settings_.interval) {
        throw demo::usage_error{"--timeout must be longer than --interval: a pulse comes that often"};
    }
    if (on.exploring) {
        jobs_.emplace_back("indexer", fate::hangs_once, 1);
        return;
    }
    const auto items = static_cast<std::size_t>(options.count("items"));
    jobs_.emplace_back("importer", fate::works, items);
    jobs_.emplace_back("indexer", fate::hangs_once, items);
    jobs_.emplace_back("mailer", fate::fails_twice, items);
    jobs_.emplace_back("crawler", fate::never_works, items);
}

// ---- the wards

void play::enter(job& self) {
    self.starts.push_back(clock::now());
    self.most_inside = std::max(self.most_inside, ++self.inside);
    if (self.inside == 2) {
        self.two_since = clock::now();
        stage_.tell("two_at_once", self.called, {}, "the ward before it has not ended yet");
    }
}

void play::leave(job& self) {
    if (--self.inside == 1 && self.two_since) {
        self.together += clock::now() - *self.two_since;
    }
    self.ended = clock::now();
}

outcome play::work(job& self, heartbeat& life, const stop_token& stop) {
    struct visit {
        visit(play& in, job& of) : stage{in}, self{of} { stage.enter(self); }
        ~visit() { stage.leave(self); }
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        visit(visit&&) = delete;
        visit& operator=(visit&&) = delete;
        play& stage;
        job& self;
    };
    const visit in{*this, self};
    const std::size_t run = self.starts.size();
    stage_.tell("start", self.called,
                {{"run", static_cast<std::int64_t>(run)}, {"next_item", static_cast<std::int64_t>(self.next)}});
    return items(self, run, life, stop);
}

outcome play::items(job& self, std::size_t run, heartbeat& life, const stop_token& stop) {
    const std::size_t fateful = self.done.size() / 2;
    while (self.next < self.done.size()) {
        life.beat();
        const std::size_t item = self.next;
        if (self.will == fate::hangs_once && run == 1 && item == fateful) {
            return hang(self, stop);
        }
        if (life.sleep_for(draw(settings_.interval / 4, settings_.interval * 2), stop) != status::ok) {
            return failure("told to stop");
        }
        if (self.will == fate::fails_twice && run <= 2 && item == fateful) {
            throw std::runtime_error{"connection reset"};
        }
        if (self.will == fate::never_works && item == fateful) {
            return failure("disk full");
        }
        ++self.done[item];
        self.next = std::max(self.next, item + 1);
    }
    return {};
}

// Stuck, and slow to let go when told to: a write on its way is still carried out.
outcome play::hang(job& self, const stop_token& stop) {
    const std::size_t item = self.next;
    const time_point last_sign = clock::now();
    stage_.tell("hang", self.called, {{"item", static_cast<std::int64_t>(item)}},
                "waits for something that never comes, and does not pulse");
    stop.wait();
    noticed(self, clock::now() - last_sign);
    // Longer than any first pause: whoever does not wait for it meets it.
    const duration letting_go = settings_.timeout + settings_.keep.restarts.back_off;
    stage_.tell("let_go", self.called, {{"takes_ns", letting_go.count()}}, "told to stop, it finishes its write first");
    sleep_for(letting_go);
    ++self.done[item];
    self.next = std::max(self.next, item + 1);
    return failure("told to stop");
}

// ---- the stewards

void play::noticed(const job& of, duration after) {
    if (stage_.stop.stop_requested()) {
        return;
    }
    notice_.record(after);
    if (after > settings_.timeout + (stage_.time == demo::timing::real ? real_time_slack : 0ns)) {
        ++late_;
        unnoticed_who_ += (unnoticed_who_.empty() ? "" : ", ") + ("'" + of.called.str() + "' late");
    }
}

void play::never_noticed(const job& of) {
    ++never_;
    unnoticed_who_ += (unnoticed_who_.empty() ? "" : ", ") + ("'" + of.called.str() + "' never");
}

// The end of a ward, as its steward takes it.
void play::heard(job& of, const ward_report& ended) {
    const auto runs = static_cast<std::int64_t>(ended.run);
    switch (ended.result.how) {
        case ward_end::finished:
            noticed(of, clock::now() - of.ended);
            stage_.tell("finish", of.called, {{"runs", runs}});
            return;
        case ward_end::failed:
            noticed(of, clock::now() - of.ended);
            ++failures_;
            break;
        case ward_end::silent:
            ++silences_;
            break;
        case ward_end::stopped:
        case ward_end::hopeless:
            return;
    }
    if (ended.restart_in) {
        stage_.tell("restart", of.called, {{"pause_ns", ended.restart_in->count()}}, ended.result.why);
        pauses_.record(*ended.restart_in);
    } else {
        of.given_up = true;
        stage_.tell("give_up", of.called, {{"runs", runs}}, ended.result.why + ", and the restart budget is spent");
    }
}

// The steward that was asked for.
stewardship play::stand_by(job& of, const stop_source& watched) {
    const std::string& variant = stage_.options.text("variant");
    const ward kept = [this, &of](heartbeat& life, const stop_token& stop) { return work(of, life, stop); };
    steward_settings settings = settings_;
    settings.keep.on_end = [this, &of](const ward_report& ended) { heard(of, ended); };
    if (variant == "as-written") {
        return hasty_steward{of.called, kept, settings}.run(watched.token());
    }
    if (variant == "closed-heartbeat") {
        const auto observe = [&](const heartbeat& life, std::uint64_t read) { see_through(of, life, read, watched); };
        return trusting_steward{of.called, kept, settings, observe}.run(watched.token());
    }
    return steward{of.called, kept, settings}.run(watched.token());
}

void play::see_through(job& of, const heartbeat& life, std::uint64_t read, const stop_source& watched) {
    const std::uint64_t sent = life.made() - life.dropped();
    of.pulses_invented += read > sent ? 1 : 0;
    if (read == sent + (stage_.exploring ? enough_when_exploring : enough)) {
        stage_.tell("misread", of.called, {{"pulses_read", static_cast<std::int64_t>(read)}},
                    "its heart beat " + std::to_string(sent) +
                        " times: the rest is a closed channel, read as healthy, busy and without end");
        never_noticed(of);
        watched.request_stop("seen through");
    }
}

void play::keep(job& of) {
    const stop_source watched{stage_.stop, of.called};
    [[maybe_unused]] const stewardship done = stand_by(of, watched);
}

demo::report play::run() {
    task_group stewards{"stewards"};
    for (job& each : jobs_) {
        stewards.go(name::of("keep " + each.called.str()), [this, &each] { keep(each); });
    }
    [[maybe_unused]] const outcome done = stewards.wait();
    return conclude();
}

// ---- what was observed

void play::check_wards(demo::report& into) const {
    std::uint64_t runs = 0;
    int most = 0;
    std::uint64_t items = 0;
    std::uint64_t twice = 0;
    std::uint64_t open = 0;
    std::string who;
    const bool cut_short = stage_.stop.stop_requested();
    for (const job& each : jobs_) {
        runs += each.starts.size();
        most = std::max(most, each.most_inside);
        if (each.most_inside > 1) {
            who += (who.empty() ? "" : "; ") + ("'" + each.called.str() + "' had " + std::to_string(each.most_inside) +
                                                " for " + std::to_string(each.together / 1ms) + " ms");
        }
        for (const int times : each.done) {
            items += static_cast<std::uint64_t>(times);
            twice += times > 1 ? 1 : 0;
        }
        open += each.next < each.done.size() && !each.given_up ? 1 : 0;
    }
    into.count("wards_started", static_cast<std::int64_t>(runs));
    into.count("most_wards_at_once", most);
    into.count("failures", failures_);
    into.count("silences", silences_);
    into.count("items_done", static_cast<std::int64_t>(items));
    into.check("a steward never has two wards at once", most <= 1, runs, who);
    into.check("no item was done twice", twice == 0, items,
               twice == 0 ? "" : std::to_string(twice) + " done by two wards that knew nothing of each other");
    into.check(
        "each job was done, or given up by its steward", open == 0 || cut_short, jobs_.size(),
        open == 0 || cut_short ? "" : std::to_string(open) + " of " + std::to_string(jobs_.size()) + " left undone");
}

void play::check_restarts(demo::report& into) const {
    const duration window =
        settings_.keep.restarts.window - (stage_.time == demo::timing::real ? real_time_slack : 0ns);
    std::uint64_t starts = 0;
    std::uint64_t over = 0;
    for (const job& each : jobs_) {
        starts += each.starts.size();
        for (std::size_t i = 1; i < each.starts.size(); ++i) {
            // The restart that was that many before this one: it must be out of this one's window.
            const std::size_t allowed = settings_.keep.restarts.restarts;
            over += i > allowed && each.starts[i] - each.starts[i - allowed] < window ? 1 : 0;
        }
    }
    into.count("restarts", static_cast<std::int64_t>(starts - jobs_.size()));
    into.count("given_up", std::ranges::count_if(jobs_, &job::given_up));
    into.check("no more restarts than the budget allows, in any window", over == 0, starts);
}

demo::report play::conclude() {
    demo::report made;
    std::uint64_t invented = 0;
    for (const job& each : jobs_) {
        invented += each.pulses_invented;
    }
    check_wards(made);
    check_restarts(made);
    made.check("each ward that hung or ended was noticed within the time-out", late_ + never_ == 0,
               notice_.summary().count + never_, unnoticed_who_.empty() ? "" : "noticed " + unnoticed_who_);
    if (stage_.options.text("variant") == "closed-heartbeat") {
        made.check("each pulse that was read had been sent", invented == 0, jobs_.size(),
                   std::to_string(invented) + " were read from closed heartbeats");
    }
    made.timing("time_to_notice", notice_);
    made.timing("pause_before_restart", pauses_);
    return made;
}

}  // namespace

demo::report keep_wards(const demo::stage& on) {
    return play{on}.run();
}

}  // namespace fiberlab::demos
