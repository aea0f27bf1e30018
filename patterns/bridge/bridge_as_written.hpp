// bridge_as_written: the bridge that is handed around (K. Cox-Buday, "Concurrency in Go", chapter 4), with its defect.
//
// It stops and tells nobody. The source and the producers of the streams that will never be read stay parked on their
// channels for ever, unless each of them watches the same token: the example that the pattern is shown with has a
// source that doesn't. And it may leave a hole: when the stop wins against a send, that value is gone, but the loop
// goes on, and the next value may win against the stop.
//
// Compare bridge.hpp: there, returning closes what will not be read.
#pragma once

#include <optional>

#include "patterns/bridge/bridge.hpp"
#include "patterns/core/channel.hpp"
#include "patterns/core/select.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab {

template <class T>
void bridge_as_written(channel<stream<T>>& streams, channel<T>& out, const stop_token& stop = {}) {
    std::optional<stream<T>> head;
    while (select(receive(streams, head), done(stop)).how == status::ok && head) {
        std::optional<T> value;
        while (select(receive(**head, value), done(stop)).how == status::ok && value) {
            [[maybe_unused]] const selected passed = select(send(out, *value), done(stop));
        }
    }
    out.close();
}

}  // namespace fiberlab
