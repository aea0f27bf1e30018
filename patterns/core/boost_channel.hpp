// boost_channel<T>: Boost.Fiber's own channels behind the few calls of ours that they can serve, for comparison.
//
// They know no stop token, no select and no safe close while a push waits (README, "Why our own channel"), so they fit
// only programs that run to completion: the writer closes once everything is pushed, and the reader takes everything.
// Capacity 0 is unbuffered_channel. A buffered_channel wants a power of two and holds one less: capacity() says what is
// really there. Real time only: they bypass the seam.
#pragma once

#include <boost/fiber/buffered_channel.hpp>
#include <boost/fiber/unbuffered_channel.hpp>

#include <bit>
#include <cstddef>
#include <expected>
#include <optional>
#include <utility>
#include <variant>

#include "patterns/core/name.hpp"
#include "patterns/core/status.hpp"

namespace fiberlab {

template <class T>
class boost_channel {
public:
    boost_channel(name called, std::size_t capacity) : label_{called} {
        if (capacity == 0) {
            channel_.template emplace<unbuffered>();
        } else {
            channel_.template emplace<buffered>(slots(capacity));
            capacity_ = slots(capacity) - 1;
        }
    }

    status push(T&& value) {
        const auto done =
            std::visit([&](auto& c) -> boost::fibers::channel_op_status { return push_to(c, value); }, channel_);
        return done == boost::fibers::channel_op_status::success ? status::ok : status::closed;
    }
    std::expected<T, status> pop() {
        T value{};
        const auto done =
            std::visit([&](auto& c) -> boost::fibers::channel_op_status { return pop_from(c, value); }, channel_);
        if (done != boost::fibers::channel_op_status::success) {
            return std::unexpected{status::closed};
        }
        return value;
    }
    void close() noexcept {
        if (auto* const face_to_face = std::get_if<unbuffered>(&channel_)) {
            face_to_face->close();
        } else if (auto* const queue = std::get_if<buffered>(&channel_)) {
            queue->close();
        }
    }
    void leave() const noexcept {}  // a reader that leaves early can't be told to a writer that waits

    std::size_t capacity() const noexcept { return capacity_; }
    const name& label() const noexcept { return label_; }

private:
    using buffered = boost::fibers::buffered_channel<T>;
    using unbuffered = boost::fibers::unbuffered_channel<T>;

    static std::size_t slots(std::size_t capacity) noexcept { return std::bit_ceil(capacity + 1); }
    static boost::fibers::channel_op_status push_to(std::monostate&, T&) {
        return boost::fibers::channel_op_status::closed;
    }
    template <class C>
    static boost::fibers::channel_op_status push_to(C& c, T& value) {
        return c.push(std::move(value));
    }
    static boost::fibers::channel_op_status pop_from(std::monostate&, T&) {
        return boost::fibers::channel_op_status::closed;
    }
    template <class C>
    static boost::fibers::channel_op_status pop_from(C& c, T& value) {
        return c.pop(value);
    }

    name label_;
    std::size_t capacity_ = 0;
    std::variant<std::monostate, buffered, unbuffered> channel_;
};

}  // namespace fiberlab
