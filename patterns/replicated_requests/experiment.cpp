#include "patterns/replicated_requests/experiment.hpp"

#include <deque>
#include <string>
#include <string_view>

#include "patterns/core/task_group.hpp"
#include "patterns/replicated_requests/as_written.hpp"
#include "patterns/replicated_requests/findings.hpp"
#include "patterns/replicated_requests/hedge.hpp"
#include "patterns/replicated_requests/trial.hpp"

namespace fiberlab::demos {

namespace {

using namespace std::chrono_literals;

// Between the two clock readings of one copy, in real time, others may have used the processor.
constexpr duration real_time_slack = 250ms;

constexpr std::string_view plan_of(way how) noexcept {
    switch (how) {
        case way::alone:
            return "each request goes to one replica";
        case way::replicated:
            return "each request goes to all replicas, the first success wins";
        case way::hedged:
            return "a backup only for what is slow or refused, within the budget";
        case way::as_written:
            break;
    }
    return "each request goes to all replicas, the first answer wins, whatever it is";
}

class experiment {
public:
    experiment(const demo::stage& on, std::size_t replicas, const replica_call& ask)
        : stage_{on}, replicas_{replicas}, ask_{ask} {
        const demo::parameters& options = on.options;
        requests_ = on.exploring ? 1 : static_cast<std::size_t>(options.count("items"));
        clients_ = on.exploring ? 1 : static_cast<std::size_t>(options.count("workers"));
        if (options.has_value("hedge")) {
            hedging_.percentile = static_cast<int>(options.count("hedge"));
            hedging_.budget = options.ratio("hedge-budget");
        }
    }

    demo::report run();

private:
    trial carry_out(way how);
    void be_client(std::size_t client, trial& into, std::size_t& next, hedge& backups, task_group& forgotten);
    reply<std::int64_t> request(const question& of, trial& in, exchange& self, hedge& backups, task_group& forgotten);
    answer<std::int64_t> observed(const question& of, carried_out& truth, const stop_token& cancelled);
    void look_back(exchange& self) const;
    void tell(const question& of, const reply<std::int64_t>& got, way how) const;
    void sum_up(trial& done) const;

    const demo::stage& stage_;
    std::size_t replicas_;
    const replica_call& ask_;
    std::size_t requests_ = 1;
    std::size_t clients_ = 1;
    hedge_settings hedging_{};
    std::deque<trial> trials_;
};

answer<std::int64_t> experiment::observed(const question& of, carried_out& truth, const stop_token& cancelled) {
    truth.began = true;
    truth.under_way = true;
    const time_point start = clock::now();
    answer<std::int64_t> got = ask_(of, cancelled);
    truth.took = clock::now() - start;
    truth.under_way = false;
    truth.failed = !got && !cancelled.stop_requested();
    return got;
}

reply<std::int64_t> experiment::request(const question& of, trial& in, exchange& self, hedge& backups,
                                        task_group& forgotten) {
    const auto ask = [this, of, &self](std::size_t replica, const stop_token& cancelled) {
        return observed({of.client, of.request, replica}, self.truth[replica], cancelled);
    };
    switch (in.how) {
        case way::alone:
            return replicate<std::int64_t>({.replicas = 1}, stage_.stop, ask);
        case way::replicated:
            return replicate<std::int64_t>({.replicas = replicas_}, stage_.stop, ask);
        case way::as_written:
            return replicate_as_written<std::int64_t>(replicas_, forgotten, stage_.stop, ask);
        case way::hedged:
            break;
    }
    backups.count_request();
    reply<std::int64_t> got = replicate<std::int64_t>(
        {.replicas = replicas_, .backup_after = backups.delay(), .may_back_up = [&] { return backups.take(); }},
        stage_.stop, ask);
    if (got.copies.front().how != copy_end::failed) {
        backups.observe(got.copies.front().took);
    }
    return got;
}

// What the truth was at the moment when the answer was there.
void experiment::look_back(exchange& self) const {
    bool could_have_won = false;
    for (const carried_out& each : self.truth) {
        self.left_running += each.under_way ? 1 : 0;
        could_have_won = could_have_won || (each.began && !each.failed);
    }
    self.error_won = !self.got.value && !self.got.stopped && could_have_won;
}

// Only what is worth telling: a refusal that did not win, a backup, a failure.
void experiment::tell(const question& of, const reply<std::int64_t>& got, way how) const {
    const auto number = static_cast<std::int64_t>(of.request);
    std::int64_t cancelled = 0;
    for (const copy_report& each : got.copies) {
        cancelled += each.how == copy_end::cancelled ? 1 : 0;
    }
    if (!got.value) {
        if (!got.stopped) {
            stage_.tell("fail", "request", {{"request", number}, {"latency_ns", got.latency.count()}}, got.why());
        }
        return;
    }
    const std::string refused = got.why();
    const bool backed_up = how == way::hedged && got.sent() > 1;
    if (!refused.empty() || backed_up) {
        stage_.tell("win", {"replica", static_cast<std::int32_t>(got.winner)},
                    {{"request", number}, {"latency_ns", got.latency.count()}, {"cancelled", cancelled}},
                    refused.empty() ? "a backup was sent" : refused);
    }
}

void experiment::be_client(std::size_t client, trial& into, std::size_t& next, hedge& backups, task_group& forgotten) {
    while (next < requests_ && !stage_.stop.stop_requested()) {
        const question of{.client = client, .request = next++};
        exchange& self = into.exchanges[of.request];
        self.asked = true;
        self.got = request(of, into, self, backups, forgotten);
        look_back(self);
        into.latency.record(self.got.latency);
        if (into.how != way::alone) {
            tell(of, self.got, into.how);
        }
    }
}

trial experiment::carry_out(way how) {
    trial made{.how = how};
    for (std::size_t i = 0; i < requests_; ++i) {
        made.exchanges.emplace_back(replicas_);
    }
    if (!stage_.exploring) {
        stage_.tell("ask", name::of(std::string{prefix(how)}), {{"requests", static_cast<std::int64_t>(requests_)}},
                    std::string{plan_of(how)});
    }
    hedge backups{hedging_};
    std::size_t next = 0;
    task_group forgotten{"forgotten"};
    if (clients_ == 1) {
        be_client(0, made, next, backups, forgotten);
    } else {
        task_group clients{"clients"};
        for (std::size_t i = 0; i < clients_; ++i) {
            clients.go({"client", static_cast<std::int32_t>(i)},
                       [&, i] { be_client(i, made, next, backups, forgotten); });
        }
        [[maybe_unused]] const outcome asked_all = clients.wait();
    }
    [[maybe_unused]] const outcome forgotten_too = forgotten.wait();
    sum_up(made);
    return made;
}

void experiment::sum_up(trial& done) const {
    for (const exchange& each : done.exchanges) {
        done.begun += each.asked ? 1 : 0;
        if (!each.asked || each.got.stopped) {
            continue;
        }
        ++done.asked;
        done.answered += each.got.value ? 1 : 0;
        for (std::size_t i = 0; i < each.truth.size(); ++i) {
            if (!each.truth[i].began) {
                continue;
            }
            ++done.sent;
            if (!each.got.value || each.got.winner != i) {
                done.wasted += each.truth[i].took;
                done.losers.record(each.truth[i].took);
            }
        }
    }
}

demo::report experiment::run() {
    if (!stage_.exploring) {
        trials_.push_back(carry_out(way::alone));
    }
    const bool fixed = stage_.options.text("variant") == "fixed";
    trials_.push_back(carry_out(fixed ? way::replicated : way::as_written));
    if (fixed && stage_.options.has_value("hedge") && !stage_.exploring) {
        trials_.push_back(carry_out(way::hedged));
    }
    return findings(trials_, hedging_, stage_.time == demo::timing::real ? real_time_slack : 0ns);
}

}  // namespace

demo::report run_experiment(const demo::stage& on, std::size_t replicas, const replica_call& ask) {
    return experiment{on, replicas, ask}.run();
}

}  // namespace fiberlab::demos
