// tee: one stream becomes two that hold the same values, as tee(1) does for a pipe.
//
//   channel<order> orders{"orders"}, billing{"billing"}, shipping{"shipping"};
//   task_group group;
//   group.go("tee", [&](const stop_token& stop) { tee(orders, billing, shipping, stop); });
//
// Lockstep: either side may take a value first, but the next one is not offered before both have this one; so the
// slower side sets the pace of both.
// All or nothing: a stop that finds the value with nobody drops it; once one side has it, the other one gets it too,
// and only then does tee return. What waits in a side's buffer counts as had: it is still there to be received.
//
// Who closes: tee, which is the only reader of `in` and the only writer of `left` and `right`, closes all three when it
// returns. So the producer learns that nobody reads any more even when it watches no token: its push says closed.
// Who leaves: a consumer receives until its channel closes, after a stop as well, for the other side may have the value
// that it is owed. One that wants to leave earlier closes its own channel; the other side then goes on alone.
// What blocks: tee does, on the calling fiber, while a side that has neither left nor received is owed a value.
// It is tempting to let the stop break that wait, too: that is the popular tee (see tee_as_written.hpp).
#pragma once

#include <concepts>
#include <cstdint>
#include <expected>

#include "patterns/core/channel.hpp"
#include "patterns/core/select.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab {

enum class tee_end : std::uint8_t {
    drained,    // the input was closed and everything in it was passed on
    stopped,    // the token fired
    abandoned,  // both consumers left
};

struct tee_result {
    tee_end how = tee_end::abandoned;
    std::uint64_t values = 0;  // passed on to each side that was there
};

// A value is copied once, so that each side owns one: let large ones travel as std::shared_ptr<const T>.
template <std::copy_constructible T>
tee_result tee(channel<T>& in, channel<T>& left, channel<T>& right, const stop_token& stop = {}) {
    const struct ending {
        channel<T>& in;
        channel<T>& left;
        channel<T>& right;
        ~ending() {
            left.close();
            right.close();
            in.close();
        }
    } at_the_end{in, left, right};

    tee_result result;
    bool left_stays = true;
    bool right_stays = true;
    while (left_stays || right_stays) {
        // Asked before the input is: a stop must not lose to an input that always has one more.
        if (stop.stop_requested()) {
            result.how = tee_end::stopped;
            break;
        }
        std::expected<T, status> value = in.pop(stop);
        if (!value) {
            result.how = value.error() == status::closed ? tee_end::drained : tee_end::stopped;
            break;
        }
        T copy = *value;

        bool owe_left = left_stays;
        bool owe_right = right_stays;
        bool somebody_has_it = false;
        while (owe_left || owe_right) {
            const selected next = select(send(left, *value).when(owe_left), send(right, copy).when(owe_right),
                                         done(stop).when(!somebody_has_it));
            if (next.how == status::stopped) {
                break;
            }
            const bool is_left = next.index == 0;
            (is_left ? owe_left : owe_right) = false;
            if (next.how == status::ok) {
                somebody_has_it = true;
            } else {
                (is_left ? left_stays : right_stays) = false;
            }
        }
        result.values += somebody_has_it ? 1 : 0;
    }
    return result;
}

}  // namespace fiberlab
