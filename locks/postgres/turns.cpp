#include "locks/postgres/turns.hpp"

namespace fiberlab::locks::postgres {

void turn::end() noexcept {
    if (turns* const of = std::exchange(of_, nullptr)) {
        of->places_.find(id_)->second.free.release();
        of->leave(id_);
    }
}

std::expected<turn, status> turns::wait(std::int64_t id, time_point deadline, const stop_token& stop) {
    struct leave_unless_ours {
        turns& all;
        std::int64_t id;
        bool ours = false;
        leave_unless_ours(turns& of, std::int64_t which) : all{of}, id{which} { ++all.places_[id].users; }
        leave_unless_ours(const leave_unless_ours&) = delete;
        leave_unless_ours& operator=(const leave_unless_ours&) = delete;
        leave_unless_ours(leave_unless_ours&&) = delete;
        leave_unless_ours& operator=(leave_unless_ours&&) = delete;
        ~leave_unless_ours() {
            if (!ours) {
                all.leave(id);
            }
        }
    };
    leave_unless_ours entered{*this, id};
    if (const status had = places_.find(id)->second.free.acquire(1, stop, deadline); had != status::ok) {
        return std::unexpected{had};
    }
    entered.ours = true;
    return turn{*this, id};
}

std::expected<turn, status> turns::try_take(std::int64_t id) {
    place& there = places_[id];
    if (const status had = there.free.try_acquire(); had != status::ok) {
        return std::unexpected{had};
    }
    ++there.users;
    return turn{*this, id};
}

void turns::leave(std::int64_t id) noexcept {
    const auto at = places_.find(id);
    if (--at->second.users == 0) {
        places_.erase(at);
    }
}

}  // namespace fiberlab::locks::postgres
