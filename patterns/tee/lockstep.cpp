#include "patterns/tee/lockstep.hpp"

#include <algorithm>

namespace fiberlab::demo {

std::optional<duration> lockstep::took(side who, std::uint64_t value, time_point now) {
    record& me = of(who);
    record& they = of(other(who));
    if (me.count != 0 && value <= me.last) {
        ++out_of_order_;
    }
    ++me.count;
    me.last = value;

    // Values come upwards: what the other side has below this one will not come to this side any more.
    while (!they.alone.empty() && they.alone.front().value < value) {
        miss(who, they.alone.front().value);
        they.alone.pop_front();
    }
    if (!they.alone.empty() && they.alone.front().value == value) {
        const duration apart = now - they.alone.front().at;
        they.alone.pop_front();
        ++both_;
        return apart;
    }
    if (they.present) {
        me.alone.push_back({value, now});
        furthest_ = std::max(furthest_, me.alone.size());
    }
    return std::nullopt;
}

void lockstep::leave(side who) {
    of(who).present = false;
    of(other(who)).alone.clear();
}

void lockstep::settle() {
    for (const side who : {side::left, side::right}) {
        for (const taken_alone& each : of(who).alone) {
            miss(other(who), each.value);
        }
        of(who).alone.clear();
    }
}

void lockstep::miss(side who, std::uint64_t value) {
    if (++missed_ == 1) {
        first_missed_ = std::string{to_string(other(who))} + " has " + std::to_string(value) + ", which " +
                        std::string{to_string(who)} + " misses";
    }
}

}  // namespace fiberlab::demo
