#include "locks/redis/key_gates.hpp"

namespace fiberlab::locks::redis {

void key_gates::pass::leave() noexcept {
    if (key_gates* const gates = std::exchange(gates_, nullptr)) {
        at_->second.place.release();
        gates->leave(at_);
    }
}

void key_gates::leave(gate_map::iterator at) noexcept {
    if (--at->second.users == 0) {
        gates_.erase(at);
    }
}

template <class Wait>
std::expected<key_gates::pass, status> key_gates::enter_by(std::string_view key, Wait&& wait) {
    auto at = gates_.find(key);
    if (at == gates_.end()) {
        at = gates_.try_emplace(std::string{key}).first;
    }
    // Counted before waiting, or the one who leaves would take the gate away from under those who wait for it.
    struct user {
        key_gates& gates;
        gate_map::iterator at;
        bool entered = false;
        user(key_gates& g, gate_map::iterator where) : gates{g}, at{where} { ++at->second.users; }
        ~user() {
            if (!entered) {
                gates.leave(at);
            }
        }
        user(const user&) = delete;
        user& operator=(const user&) = delete;
        user(user&&) = delete;
        user& operator=(user&&) = delete;
    } me{*this, at};
    if (const status entered = wait(at->second.place); entered != status::ok) {
        return std::unexpected{entered};
    }
    me.entered = true;
    return pass{*this, at};
}

std::expected<key_gates::pass, status> key_gates::enter(std::string_view key, const seam::limits& until) {
    return enter_by(key, [&](semaphore& place) { return place.acquire(1, until.stop, until.deadline); });
}

std::expected<key_gates::pass, status> key_gates::try_enter(std::string_view key) {
    return enter_by(key, [](semaphore& place) { return place.try_acquire(); });
}

}  // namespace fiberlab::locks::redis
