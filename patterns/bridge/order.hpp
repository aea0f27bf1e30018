// order: watches what comes out of a bridge, says whether it is in strict order, and measures what the order costs.
//
//   order watch;
//   watch.ready(2, 1);                                  // stream 2 has made its next value, of size 1
//   watch.ended(1, clock::now());                       // stream 1 will make no more
//   auto p = watch.passed(2, 1, ready_at, 1, clock::now());   // value 1 of stream 2 came out
//   p.behind;                                           // how long it was ready while another stream was the head
//
// Streams and their values are numbered from 1 in the order in which they should come.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "patterns/core/time.hpp"

namespace fiberlab::demo {

class order {
public:
    struct passage {
        duration waited{};  // from ready to out
        duration behind{};  // the part of it before its stream became the head
    };

    void ready(std::uint64_t stream, std::uint64_t size);  // call it before the push
    void ended(std::uint64_t stream, time_point now);      // call it before the close
    passage passed(std::uint64_t stream, std::uint64_t number, time_point ready_at, std::uint64_t size, time_point now);

    std::uint64_t head() const noexcept { return head_; }
    std::uint64_t made() const noexcept { return made_; }
    std::uint64_t out() const noexcept { return out_; }
    std::uint64_t most_waiting() const noexcept {
        return most_waiting_;
    }  // the most that was ready but not out, by size
    std::uint64_t violations() const noexcept { return violations_; }
    const std::string& first_violation() const noexcept { return first_violation_; }

private:
    struct record {
        std::uint64_t made = 0;
        std::uint64_t out = 0;
        bool ended = false;
        time_point ended_at{};
    };
    record& of(std::uint64_t stream);
    void violated(std::string how);

    std::vector<record> records_;
    std::uint64_t head_ = 1;
    time_point head_since_{};
    time_point last_out_{};
    std::uint64_t made_ = 0;
    std::uint64_t out_ = 0;
    std::uint64_t waiting_ = 0;
    std::uint64_t most_waiting_ = 0;
    std::uint64_t violations_ = 0;
    std::string first_violation_;
};

}  // namespace fiberlab::demo
