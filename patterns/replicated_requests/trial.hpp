// What is known of the same requests after they were asked in one way: the answers, and what really happened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "patterns/demo/latency.hpp"
#include "patterns/replicated_requests/replicated_requests.hpp"

namespace fiberlab::demos {

// One copy of a request, as it was where it was carried out.
struct carried_out {
    bool began = false;
    bool under_way = false;
    bool failed = false;
    duration took{};
};

// One request, on both sides.
struct exchange {
    explicit exchange(std::size_t replicas) : truth(replicas) {}
    std::vector<carried_out> truth;
    reply<std::int64_t> got{};
    bool asked = false;
    bool error_won = false;  // failed, while a copy was under way or had succeeded
    std::int64_t left_running = 0;
};

// One way of asking.
enum class way : std::uint8_t { alone, replicated, hedged, as_written };

constexpr std::string_view prefix(way how) noexcept {
    switch (how) {
        case way::alone:
            return "alone";
        case way::hedged:
            return "hedged";
        case way::replicated:
        case way::as_written:
            break;
    }
    return "replicated";
}

struct trial {
    way how = way::alone;
    std::deque<exchange> exchanges{};
    demo::latency latency{};
    demo::latency losers{};
    std::uint64_t begun = 0;  // with those that were cut short
    std::uint64_t asked = 0;
    std::uint64_t answered = 0;
    std::uint64_t sent = 0;
    duration wasted{};
};

}  // namespace fiberlab::demos
