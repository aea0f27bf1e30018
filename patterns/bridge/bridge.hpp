// bridge: a channel of channels becomes one channel, in strict order: everything of the first stream, then everything
// of the second, as cat(1) does for files.
//
//   channel<stream<line>> files{"files", 3};       // how many streams may be open ahead of the one that is read
//   channel<line> lines{"lines"};
//   task_group group;
//   group.go("bridge", [&](const stop_token& stop) { bridge(files, lines, stop); });
//
//   // a source: a stream at a time, each with a producer of its own
//   stream<line> s = new_stream<line>({"file", n}, 4);
//   if (files.push(s) == status::ok) { group.go({"file", n}, [s] { …; s->close(); }); }
//
// Order costs waiting: values of later streams that are ready stay in their channels until the head has ended
// (head-of-line blocking). It costs no memory: a stream's capacity bounds what waits in it, the capacity of `streams`
// how many are open.
//
// Who closes: each producer its stream when it has no more, the source `streams`. The bridge is the only reader of them
// and the only writer of `out`; when it returns, it closes them all, also the streams that it has not come to. After a
// stop that is what frees the producers that watch no token: their next push says closed. The bridge waits for none of
// them, so a producer that ignores everything holds up nobody but itself.
// Who leaves: a consumer of `out` that wants no more closes it, and the bridge returns.
// What blocks: bridge does, on the calling fiber, while the head has nothing or `out` takes nothing; a stop ends both
// waits, and the value in hand is dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "patterns/core/channel.hpp"
#include "patterns/core/name.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab {

// Shared by its producer and whoever it is handed to; never null. A channel stays where it was made, hence the pointer.
template <class T>
using stream = std::shared_ptr<channel<T>>;

template <class T>
stream<T> new_stream(name called, std::size_t capacity) {
    return std::make_shared<channel<T>>(called, capacity);
}

enum class bridge_end : std::uint8_t {
    drained,    // `streams` was closed, and everything in it was passed on
    stopped,    // the token fired
    abandoned,  // the consumer closed `out`
};

struct bridge_result {
    bridge_end how = bridge_end::stopped;
    std::uint64_t streams = 0;  // drained
    std::uint64_t values = 0;   // passed on
};

namespace detail {

// Passes on until something ends it. `head` is the stream that was being read then, if any.
template <class T>
bridge_result pass_on(channel<stream<T>>& streams, stream<T>& head, channel<T>& out, const stop_token& stop) {
    bridge_result result;
    // The token is asked before the channels are: a stop must not lose to a stream that always has one more.
    while (!stop.stop_requested()) {
        if (head == nullptr) {
            auto next = streams.pop(stop);
            if (next) {
                head = *std::move(next);
            } else if (next.error() == status::closed) {
                result.how = bridge_end::drained;
                return result;
            }
            continue;
        }
        auto value = head->pop(stop);
        if (value) {
            const status passed = out.push(*std::move(value), stop);
            if (passed == status::closed) {
                result.how = bridge_end::abandoned;
                return result;
            }
            result.values += passed == status::ok ? 1 : 0;
        } else if (value.error() == status::closed) {
            head = nullptr;
            ++result.streams;
        }
    }
    return result;
}

}  // namespace detail

template <class T>
bridge_result bridge(channel<stream<T>>& streams, channel<T>& out, const stop_token& stop = {}) {
    stream<T> head;
    const bridge_result result = detail::pass_on(streams, head, out, stop);
    out.close();
    streams.close();  // before the streams in it, or the source could put another one behind them
    if (head != nullptr) {
        head->close();
    }
    while (auto waiting = streams.try_pop()) {
        (*waiting)->close();
    }
    return result;
}

}  // namespace fiberlab
