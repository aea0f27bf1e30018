#include "patterns/core/select.hpp"

#include <algorithm>
#include <vector>

#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/runtime/stop_state.hpp"
#include "patterns/core/runtime/wait_timer.hpp"

namespace fiberlab {

bool select_case::ready() const noexcept {
    if (!enabled()) {
        return false;
    }
    if (stop_ != nullptr) {
        return stop_->stopped;
    }
    return sends_ ? channel_->can_push() : channel_->can_pop();
}

std::optional<status> select_case::try_now() const {
    if (stop_ != nullptr) {
        return stop_->stopped ? std::optional{status::stopped} : std::nullopt;
    }
    return now_(*channel_, element_);
}

spinlock& select_case::guard() const noexcept {
    return stop_ != nullptr ? stop_->lock : channel_->guard();
}

wait_queue& select_case::queue() const noexcept {
    if (stop_ != nullptr) {
        return stop_->waiters;
    }
    return sends_ ? channel_->senders() : channel_->receivers();
}

const sync_object& select_case::object() const noexcept {
    return stop_ != nullptr ? stop_->self : channel_->object();
}

namespace {

using case_list = std::span<const select_case>;

const sync_object nothing{.label = "nothing"};

// What the calling fiber is said to wait for: the first case that could end the wait.
const sync_object& subject(case_list cases) noexcept {
    const auto first = std::ranges::find_if(cases, &select_case::enabled);
    return first != cases.end() ? first->object() : nothing;
}

// One of the ready cases, each with the same chance; -1 when none is.
int choose_ready(case_list cases) {
    std::size_t ready = 0;
    for (const select_case& c : cases) {
        ready += c.ready() ? 1 : 0;
    }
    if (ready == 0) {
        return -1;
    }
    std::uint64_t skip = seam::choose(ready);
    for (std::size_t i = 0;; ++i) {
        if (cases[i].ready() && skip-- == 0) {
            return static_cast<int>(i);
        }
    }
}

std::optional<selected> take_ready(case_list cases) {
    // Between the glance and the lock another thread may have taken it: then look again.
    for (int chosen = choose_ready(cases); chosen >= 0; chosen = choose_ready(cases)) {
        const select_case& c = cases[static_cast<std::size_t>(chosen)];
        c.guard().lock();
        const std::optional<status> done = c.try_now();
        c.guard().unlock();
        if (done.has_value()) {
            return selected{chosen, *done};
        }
    }
    return std::nullopt;
}

// Stands in the queue of every enabled case, and leaves them all however the wait ends.
class places {
public:
    places(case_list cases, parking& shared, fiber_state& who)
        : cases_{cases}, waiters_{cases.size() <= few_.size() ? few_.data() : nullptr} {
        if (waiters_ == nullptr) {
            many_.resize(cases.size());
            waiters_ = many_.data();
        }
        for (std::size_t i = 0; i < cases.size(); ++i) {
            if (!cases[i].enabled()) {
                continue;
            }
            waiter& w = waiters_[i];
            w.who = &who;
            w.element = cases[i].element();
            w.shared = &shared;
            w.index = static_cast<int>(i);
            cases[i].queue().push(w);
        }
    }
    ~places() {
        for (std::size_t i = 0; i < cases_.size(); ++i) {
            if (cases_[i].enabled() && waiters_[i].linked) {
                cases_[i].guard().lock();
                cases_[i].queue().unlink(waiters_[i]);
                cases_[i].guard().unlock();
            }
        }
    }
    places(const places&) = delete;
    places& operator=(const places&) = delete;
    places(places&&) = delete;
    places& operator=(places&&) = delete;

    status result(int index) const noexcept { return waiters_[static_cast<std::size_t>(index)].result; }

private:
    case_list cases_;
    std::array<waiter, 8> few_{};
    std::vector<waiter> many_;
    waiter* waiters_;
};

selected wait_for_one(time_point deadline, case_list cases) {
    parking shared;
    fiber_state& me = seam::self();
    const int timed_out = static_cast<int>(cases.size());
    const places standing{cases, shared, me};
    const wait_timer timer{shared, timed_out, me, deadline};
    spinlock none;
    none.lock();
    seam::park(none, operation::select, subject(cases));
    const int chosen = shared.winner();
    if (chosen < 0 || chosen == timed_out) {
        return {-1, status::timeout};
    }
    return {chosen, standing.result(chosen)};
}

}  // namespace

selected select(case_list cases) {
    return select_until(never, cases);
}

selected try_select(case_list cases) {
    seam::point(operation::select, subject(cases));
    return take_ready(cases).value_or(selected{});
}

selected select_until(time_point deadline, case_list cases) {
    seam::point(operation::select, subject(cases));
    if (const auto taken = take_ready(cases)) {
        return *taken;
    }
    if (deadline != never && deadline <= clock::now()) {
        return {-1, status::timeout};
    }
    return wait_for_one(deadline, cases);
}

}  // namespace fiberlab
