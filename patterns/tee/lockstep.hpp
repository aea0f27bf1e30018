// lockstep: watches two consumers that should get the same values in the same order, and says how far they agree.
//
//   lockstep watch;
//   watch.took(side::left, 1, clock::now());               // nullopt: left is the first to have value 1
//   watch.took(side::right, 1, clock::now());              // how long ago left took it
//   watch.settle();                                        // nothing more comes: what is unmatched was missed
//
// Values are numbered upwards in the order they went in. It holds only what one side has and the other doesn't yet:
// little when they are in lockstep, however long the run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "patterns/core/time.hpp"

namespace fiberlab::demo {

enum class side : std::uint8_t { left, right };

constexpr side other(side of) noexcept {
    return of == side::left ? side::right : side::left;
}

constexpr std::string_view to_string(side of) noexcept {
    return of == side::left ? "left" : "right";
}

class lockstep {
public:
    // This side has the value now. Returns how long the other one has had it; nullopt when it hasn't got it yet.
    std::optional<duration> took(side who, std::uint64_t value, time_point now);

    // This side takes no more, by its own wish: it misses nothing from now on.
    void leave(side who);

    // Nothing more will come. What only one side has is missed by the other.
    void settle();

    std::uint64_t taken(side by) const noexcept { return of(by).count; }
    std::uint64_t both() const noexcept { return both_; }
    std::size_t furthest_ahead() const noexcept { return furthest_; }
    std::uint64_t out_of_order() const noexcept { return out_of_order_; }
    std::uint64_t missed() const noexcept { return missed_; }
    const std::string& first_missed() const noexcept { return first_missed_; }  // "left has 6, which right misses"

private:
    struct taken_alone {
        std::uint64_t value;
        time_point at;
    };
    struct record {
        std::uint64_t count = 0;
        std::uint64_t last = 0;
        bool present = true;
        std::deque<taken_alone> alone;  // taken by this side, not yet by the other
    };
    record& of(side who) noexcept { return records_[static_cast<std::size_t>(who)]; }
    const record& of(side who) const noexcept { return records_[static_cast<std::size_t>(who)]; }
    void miss(side who, std::uint64_t value);

    std::array<record, 2> records_;
    std::uint64_t both_ = 0;
    std::size_t furthest_ = 0;
    std::uint64_t out_of_order_ = 0;
    std::uint64_t missed_ = 0;
    std::string first_missed_;
};

}  // namespace fiberlab::demo
