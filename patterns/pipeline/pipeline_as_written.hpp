// The pipeline as most tutorials first show it, beside the right one: stages know nothing but their two channels. It
// works as long as the consumer takes everything. One that leaves early leaves every stage before it blocked in push
// for ever: fibers, their stacks and all that they hold are lost.
#pragma once

#include <memory>
#include <utility>

#include "patterns/core/channel.hpp"
#include "patterns/core/fiber.hpp"

namespace fiberlab::pipeline::as_written {

template <class T>
using stream = std::shared_ptr<channel<T>>;

template <class T, class Next>
stream<T> generate(name called, std::size_t capacity, Next next) {
    auto out = std::make_shared<channel<T>>(called, capacity);
    spawn(called, [out, next = std::move(next)]() mutable {
        while (auto value = next()) {
            (void)out->push(*std::move(value));
        }
        out->close();
    }).detach();
    return out;
}

template <class T, class U, class Work>
stream<U> then(name called, std::size_t capacity, stream<T> in, Work work) {
    auto out = std::make_shared<channel<U>>(called, capacity);
    spawn(called, [in = std::move(in), out, work = std::move(work)]() mutable {
        for (T& value : *in) {
            (void)out->push(work(std::move(value)));
        }
        out->close();
    }).detach();
    return out;
}

}  // namespace fiberlab::pipeline::as_written
