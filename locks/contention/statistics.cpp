#include "locks/contention/statistics.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace fiberlab::locks {

namespace {

std::uint64_t how_many(const contention_result& result, attempt_end end) {
    return static_cast<std::uint64_t>(std::ranges::count(result.attempts, end, &attempt::end));
}

struct in_turn {
    demo::latency hand_over;        // from a release to the next entry, by somebody who was waiting already
    std::uint64_t longest_run = 0;  // acquisitions of one process in a row, while others waited
};

in_turn follow(const contention_result& result) {
    std::vector<const attempt*> held;
    for (const attempt& a : result.attempts) {
        if (was_held(a)) {
            held.push_back(&a);
        }
    }
    std::ranges::sort(held, [](const attempt* a, const attempt* b) {
        return std::tie(a->key, a->acquired_ns, a->fence) < std::tie(b->key, b->acquired_ns, b->fence);
    });
    in_turn seen;
    std::uint64_t run = 0;
    const attempt* before = nullptr;
    for (const attempt* a : held) {
        const bool same_key = before != nullptr && before->key == a->key;
        run = same_key && before->process == a->process ? run + 1 : 1;
        seen.longest_run = std::max(seen.longest_run, run);
        if (same_key && a->requested_ns < before->released_ns && a->acquired_ns >= before->released_ns) {
            seen.hand_over.record(duration{a->acquired_ns - before->released_ns});
        }
        before = a;
    }
    return seen;
}

std::int64_t fairness(const contention_result& result, std::int64_t contenders) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> shares;
    for (const attempt& a : result.attempts) {
        shares[{a.process, a.fiber}] += was_held(a) ? 1 : 0;
    }
    std::vector<std::uint64_t> all;
    for (const auto& [who, share] : shares) {
        all.push_back(share);
    }
    all.resize(std::max(all.size(), static_cast<std::size_t>(contenders)), 0);
    return jain_permille(all);
}

}  // namespace

std::int64_t jain_permille(const std::vector<std::uint64_t>& shares) {
    double sum = 0;
    double squares = 0;
    for (const std::uint64_t share : shares) {
        sum += static_cast<double>(share);
        squares += static_cast<double>(share) * static_cast<double>(share);
    }
    return squares > 0 ? static_cast<std::int64_t>(1000 * sum * sum / (static_cast<double>(shares.size()) * squares))
                       : 0;
}

void report_contention(demo::report& into, const contention_result& result, std::int64_t contenders,
                       std::int64_t processes) {
    const exclusion_verdict verdict = judge_exclusion(result.attempts);
    const std::int64_t elapsed = std::max<std::int64_t>(1, result.ended_ns - result.began_ns);
    const auto count = [&](std::string_view key, std::uint64_t value) {
        into.count(key, static_cast<std::int64_t>(value));
    };
    count("attempts", result.attempts.size());
    count("acquisitions", verdict.acquisitions);
    into.count("acquisitions_per_second", static_cast<std::int64_t>(static_cast<double>(verdict.acquisitions) * 1e9 /
                                                                    static_cast<double>(elapsed)));
    count("timeouts", how_many(result, attempt_end::timeout));
    count("cut_off_waiting", how_many(result, attempt_end::stopped));
    count("failures", how_many(result, attempt_end::failed));
    count("leases_lost", how_many(result, attempt_end::lost));
    count("violations", verdict.overlaps);
    into.count("fairness_permille", fairness(result, contenders));

    demo::latency wait;
    demo::latency hold;
    for (const attempt& a : result.attempts) {
        wait.record(duration{a.acquired_ns - a.requested_ns});
        if (was_held(a)) {
            hold.record(duration{a.released_ns - a.acquired_ns});
        }
    }
    const in_turn turns = follow(result);
    if (processes > 1) {
        count("longest_run_of_one_process", turns.longest_run);
    }
    into.timing("wait", wait);
    into.timing("hold", hold);
    into.timing("hand_over", turns.hand_over);

    into.check("never two holders of one key at once", verdict.overlaps == 0, verdict.acquisitions,
               verdict.overlaps == 0 ? std::to_string(verdict.acquisitions) + " intervals compared, from " +
                                           std::to_string(processes) + (processes == 1 ? " process" : " processes")
                                     : std::to_string(verdict.overlaps) + " overlaps; " + verdict.first_overlap);
    into.check("fencing tokens rise with every acquisition of a key", verdict.fence_faults == 0, verdict.acquisitions,
               verdict.first_fence_fault);
    if (result.updates > 0) {
        into.check("no update of what the lock protects is lost", result.lost_updates == 0, result.updates,
                   std::to_string(result.lost_updates) + " of " + std::to_string(result.updates) + " lost");
    }
    if (result.cut_short) {
        into.notes.emplace_back("The run ended early: its history had reached the limit of 4,000,000 attempts.");
    }
}

}  // namespace fiberlab::locks
