#include "locks/contention/contenders.hpp"

#include <string>

#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/task_group.hpp"

namespace fiberlab::locks {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_history = 4'000'000;  // 48 bytes each
constexpr duration pause_after_failure = 10ms;      // a server that is gone is not asked in a tight loop

class arena {
public:
    arena(lock_manager& locks, const contention& plan, const stop_token& stop, const tell_event& tell)
        : locks_{locks},
          plan_{plan},
          tell_{tell},
          ends_{plan.run_for > duration::zero() ? after(plan.run_for) : never},
          over_{stop, "contention"},
          counters_(static_cast<std::size_t>(plan.keys)) {
        over_.stop_at(ends_);
        for (std::int64_t key = 0; key < plan.keys; ++key) {
            key_names_.push_back("fiberlab:contend:" + std::to_string(key));
        }
    }

    contention_result run() {
        result_.began_ns = host_ns(clock::now());
        task_group group{over_.token(), "contenders"};
        for (std::int64_t i = 0; i < plan_.workers; ++i) {
            const auto number = static_cast<std::int32_t>(i + 1);
            group.go({"contender", number}, [this, number] { compete(static_cast<std::uint32_t>(number)); });
        }
        const outcome ended = group.wait();
        if (!ended && ended.error().cause != nullptr) {
            std::rethrow_exception(ended.error().cause);
        }
        result_.ended_ns = host_ns(clock::now());
        return std::move(result_);
    }

private:
    static std::int64_t host_ns(time_point at) {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(run_began().time_since_epoch()).count() +
               at.time_since_epoch().count();
    }

    void compete(std::uint32_t number) {
        for (std::int64_t done = 0; plan_.items == 0 || done < plan_.items; ++done) {
            if (over_.stop_requested() || clock::now() >= ends_) {
                return;
            }
            if (result_.attempts.size() >= longest_history) {
                result_.cut_short = true;
                over_.request_stop("the history is full");
                return;
            }
            attempt_once(number);
        }
    }

    void attempt_once(std::uint32_t number) {
        const auto key = static_cast<std::uint32_t>(draw(static_cast<std::uint64_t>(plan_.keys)));
        attempt mine{.process = plan_.process, .fiber = number, .key = key};
        const time_point requested = clock::now();
        mine.requested_ns = host_ns(requested);
        auto held = locks_.acquire(key_names_[key], {.ttl = plan_.ttl, .deadline = ends_, .stop = over_.token()});
        const time_point acquired = clock::now();
        mine.acquired_ns = host_ns(acquired);
        const name key_name{"key", static_cast<std::int32_t>(key)};
        if (!held) {
            mine.end = end_of(held.error().why);
            mine.released_ns = mine.acquired_ns;
            result_.attempts.push_back(mine);
            if (mine.end == attempt_end::failed) {
                tell("fail", key_name, duration::zero(), held.error().detail);
                [[maybe_unused]] const status slept = sleep_for(pause_after_failure, over_.token());
            }
            return;
        }
        tell("acquire", key_name, acquired - requested, {});
        mine.fence = (*held)->fencing_token();
        use_resource(key, **held);
        mine.end = (*held)->is_held() ? attempt_end::held : attempt_end::lost;
        const time_point released = clock::now();
        mine.released_ns = host_ns(released);
        tell("release", key_name, released - acquired, {});
        const auto given_back = (*held)->release();
        if (!given_back && given_back.error().why == lock_failure::lost) {
            mine.end = attempt_end::lost;
        }
        result_.attempts.push_back(mine);
    }

    // Read, wait, write: an update in between is lost, and shows that the lock let two in.
    void use_resource(std::uint32_t key, const lease& held) {
        std::uint64_t& counter = counters_[key];
        const std::uint64_t seen = counter;
        if (plan_.hold > duration::zero()) {
            [[maybe_unused]] const status slept = sleep_for(plan_.hold, held.lost());
        } else {
            yield();
        }
        result_.lost_updates += counter != seen ? 1 : 0;
        ++result_.updates;
        counter = seen + 1;
    }

    static attempt_end end_of(lock_failure why) noexcept {
        switch (why) {
            case lock_failure::timeout:
                return attempt_end::timeout;
            case lock_failure::stopped:
                return attempt_end::stopped;
            default:
                return attempt_end::failed;
        }
    }

    void tell(std::string_view what, name object, duration took, std::string note) const {
        if (tell_) {
            tell_(what, object, took.count(), std::move(note));
        }
    }

    lock_manager& locks_;
    contention plan_;
    const tell_event& tell_;
    time_point ends_;
    stop_source over_;
    std::vector<std::string> key_names_;
    std::vector<std::uint64_t> counters_;
    contention_result result_;
};

}  // namespace

contention_result contend(lock_manager& locks, const contention& plan, const stop_token& stop, const tell_event& tell) {
    return arena{locks, plan, stop, tell}.run();
}

}  // namespace fiberlab::locks
