// hedge: when to send a backup request, and whether there is budget for it.
//
//   hedge backup{{.percentile = 95, .budget = 0.1}};
//   backup.count_request();
//   auto got = replicate<page>({.replicas = 2, .backup_after = backup.delay(), .may_back_up = [&] { return
//   backup.take(); }}, …); backup.observe(got.copies[0].took);
//
// A backup for each request doubles the load to shorten the few that are slow. Sent only once a request has taken
// longer than most do, it costs as many per cent as there are slow ones; and the budget keeps that true when all are
// slow, which is when a service can bear a doubled load least.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "patterns/core/time.hpp"

namespace fiberlab {

struct hedge_settings {
    int percentile = 95;       // of the latencies observed: a backup goes out after that
    double budget = 0.1;       // backups per request, at most
    std::size_t learn = 20;    // observations before the first backup
    std::size_t window = 500;  // the latest observations, so that the delay follows the service
};

class hedge {
public:
    explicit hedge(const hedge_settings& settings)
        : settings_{settings}, earned_per_request_{static_cast<std::int64_t>(settings.budget * whole)} {}

    // How long the first copy of a request took. Of one that was cancelled because its backup won that is too little,
    // but it was past the delay already: the percentile stays true.
    void observe(duration took) {
        recent_.push_back(took);
        if (recent_.size() > settings_.window) {
            recent_.pop_front();
        }
    }

    // For ever until enough has been observed: no backup is sent for slowness before anybody knows what is slow.
    duration delay() const {
        if (recent_.size() < settings_.learn) {
            return duration::max();
        }
        std::vector<duration> sorted{recent_.begin(), recent_.end()};
        const std::size_t rank = (sorted.size() - 1) * static_cast<std::size_t>(settings_.percentile) / 100;
        const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(rank);
        std::ranges::nth_element(sorted, at);
        return *at;
    }

    void count_request() noexcept { saved_ = std::min(saved_ + earned_per_request_, most_saved); }

    // Takes one backup out of the budget, if there is one.
    bool take() noexcept {
        if (saved_ < whole) {
            return false;
        }
        saved_ -= whole;
        return true;
    }

private:
    static constexpr std::int64_t whole = 1'000'000;        // one backup
    static constexpr std::int64_t most_saved = 10 * whole;  // a quiet day does not pay for a storm

    hedge_settings settings_;
    std::deque<duration> recent_;
    std::int64_t earned_per_request_;
    std::int64_t saved_ = 0;
};

}  // namespace fiberlab
