#include "patterns/bridge/order.hpp"

#include <algorithm>
#include <utility>

namespace fiberlab::demo {

void order::ready(std::uint64_t stream, std::uint64_t size) {
    ++of(stream).made;
    ++made_;
    waiting_ += size;
    most_waiting_ = std::max(most_waiting_, waiting_);
}

void order::ended(std::uint64_t stream, time_point now) {
    record& one = of(stream);
    one.ended = true;
    one.ended_at = now;
}

order::passage order::passed(std::uint64_t stream, std::uint64_t number, time_point ready_at, std::uint64_t size,
                             time_point now) {
    const std::string who = "value " + std::to_string(number) + " of stream " + std::to_string(stream);
    if (stream < head_) {
        violated(who + " came after stream " + std::to_string(head_) + " had begun");
    }
    if (stream > head_) {
        head_since_ = last_out_;
    }
    for (; head_ < stream; ++head_) {
        const record& left = of(head_);
        if (!left.ended || left.out != left.made) {
            violated(who + " came before stream " + std::to_string(head_) + " was drained");
        }
        head_since_ = std::max(head_since_, left.ended_at);
    }
    record& one = of(stream);
    ++one.out;
    if (number != one.out) {
        violated(who + " came as number " + std::to_string(one.out));
    }
    ++out_;
    waiting_ -= std::min(waiting_, size);
    last_out_ = now;
    return {.waited = now - ready_at, .behind = std::max(duration::zero(), std::min(head_since_, now) - ready_at)};
}

order::record& order::of(std::uint64_t stream) {
    if (records_.size() <= stream) {
        records_.resize(stream + 1);
    }
    return records_[stream];
}

void order::violated(std::string how) {
    if (++violations_ == 1) {
        first_violation_ = std::move(how);
    }
}

}  // namespace fiberlab::demo
