#include "patterns/replicated_requests/findings.hpp"

#include <string>
#include <string_view>

namespace fiberlab::demos {

namespace {

using namespace std::chrono_literals;

void figures(demo::report& into, const trial& of) {
    const std::string name{prefix(of.how)};
    into.count(name + "_failed", static_cast<std::int64_t>(of.asked - of.answered));
    if (of.how != way::alone) {
        into.count(name + "_copies", static_cast<std::int64_t>(of.sent));
        into.count(name + "_wasted_ns", of.wasted.count());
    }
    into.timing(name, of.latency);
    if (of.how != way::alone) {
        into.timing(name + "_losers", of.losers);
    }
}

void check(demo::report& into, const std::deque<trial>& trials, duration slack) {
    std::uint64_t requests = 0;
    std::uint64_t errors_won = 0;
    std::uint64_t running = 0;
    std::uint64_t copies = 0;
    std::uint64_t wrong_times = 0;
    std::uint64_t values = 0;
    std::uint64_t wrong_values = 0;
    for (const trial& each : trials) {
        for (std::size_t r = 0; r < each.exchanges.size(); ++r) {
            const exchange& one = each.exchanges[r];
            requests += one.asked ? 1 : 0;
            errors_won += one.error_won ? 1 : 0;
            running += static_cast<std::uint64_t>(one.left_running);
            values += one.got.value ? 1 : 0;
            wrong_values += one.got.value && *one.got.value != static_cast<std::int64_t>(r) ? 1 : 0;
            for (std::size_t i = 0; i < one.got.copies.size(); ++i) {
                if (one.truth[i].began) {
                    ++copies;
                    wrong_times += std::chrono::abs(one.got.copies[i].took - one.truth[i].took) > slack ? 1 : 0;
                }
            }
        }
    }
    const auto broken = [](std::uint64_t n, std::string_view what) {
        return n == 0 ? std::string{} : std::to_string(n) + std::string{what};
    };
    into.check("no error is the answer while another copy may still succeed", errors_won == 0, requests,
               broken(errors_won, " requests failed although another copy was under way or had succeeded"));
    into.check("no copy goes on when its request has returned", running == 0, requests,
               broken(running, " copies were still under way"));
    into.check("each copy's time is the one that it took where it was carried out", wrong_times == 0, copies,
               broken(wrong_times, " copies took another time than was reported"));
    into.check("each value is that of its own request", wrong_values == 0, values,
               broken(wrong_values, " values were of another request"));
}

void check_budget(demo::report& into, const std::deque<trial>& trials, double budget) {
    for (const trial& each : trials) {
        if (each.how == way::hedged) {
            const auto extra = static_cast<double>(each.sent - each.asked);
            into.check("backups stay within their budget", extra <= budget * static_cast<double>(each.begun),
                       each.begun,
                       std::to_string(each.sent - each.asked) + " for " + std::to_string(each.asked) + " requests");
        }
    }
}

void compare(demo::report& into, const std::deque<trial>& trials) {
    if (trials.size() < 2 || trials.front().asked == 0) {
        return;
    }
    const duration alone = trials.front().latency.quantile(0.99);
    for (const trial& each : trials) {
        if (each.how == way::alone || each.how == way::as_written || each.asked == 0 || alone == 0ns) {
            continue;
        }
        into.notes.push_back("p99 " + std::string{prefix(each.how)} + ": " +
                             std::to_string(each.latency.quantile(0.99) * 100 / alone) + " % of p99 alone, for " +
                             std::to_string(each.sent * 100 / each.asked) + " % of the requests.");
    }
}

}  // namespace

demo::report findings(const std::deque<trial>& trials, const hedge_settings& hedging, duration slack) {
    demo::report made;
    made.count("requests", static_cast<std::int64_t>(trials.back().asked));
    for (const trial& each : trials) {
        figures(made, each);
    }
    check(made, trials, slack);
    check_budget(made, trials, hedging.budget);
    compare(made, trials);
    return made;
}

}  // namespace fiberlab::demos
