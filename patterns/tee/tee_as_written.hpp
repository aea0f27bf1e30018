// tee_as_written: the tee that is handed around (K. Cox-Buday, "Concurrency in Go", chapter 4), with its defect.
//
// It looks right: two turns, each gives the value to a side that has not got it yet. But the stop is one of the choices
// in both turns. When it fires between them, the second turn is spent on it, and the side that was slower never gets
// the value that the other one has. With a side that is always the slower one, that is what every stop does.
//
// Compare tee.hpp: there the stop is a choice only while nobody has the value.
#pragma once

#include <optional>

#include "patterns/core/channel.hpp"
#include "patterns/core/select.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab {

template <class T>
void tee_as_written(channel<T>& in, channel<T>& left, channel<T>& right, const stop_token& stop = {}) {
    std::optional<T> value;
    while (select(receive(in, value), done(stop)).how == status::ok && value) {
        T copy = *value;
        bool owe_left = true;
        bool owe_right = true;
        for (int turn = 0; turn < 2; ++turn) {
            switch (select(done(stop), send(left, *value).when(owe_left), send(right, copy).when(owe_right)).index) {
                case 1:
                    owe_left = false;
                    break;
                case 2:
                    owe_right = false;
                    break;
                default:
                    break;  // stopped: this turn is gone
            }
        }
    }
    left.close();
    right.close();
}

}  // namespace fiberlab
