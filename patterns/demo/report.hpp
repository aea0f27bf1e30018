// report: what a demo hands back. Plain data; only the renderers in apps/ turn it into text or JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "patterns/core/time.hpp"
#include "patterns/demo/latency.hpp"

namespace fiberlab::demo {

struct invariant {
    std::string sentence{};  // what must hold: "each value reached both sides"
    bool held = true;
    std::uint64_t samples = 0;  // how many observations it was judged by; 0 makes the run inconclusive
    std::string detail{};       // the values that broke it, or what was compared
};

enum class verdict : std::uint8_t { held, broken, inconclusive };

struct report {
    std::vector<std::pair<std::string, std::int64_t>> counts{};  // in the order they are shown; units in the name
    std::vector<std::pair<std::string, latency_summary>> latencies{};
    std::vector<invariant> invariants{};
    std::vector<std::string> notes{};  // text only: what to look at, and the limits of what was shown
    std::optional<int> exit_code{};    // of a command that ran a CMD: the child's; a broken invariant still wins

    // The reader of standard output went away (EPIPE): the program ends at once, says nothing and exits 0.
    bool output_closed = false;

    void count(std::string_view key, std::int64_t value);
    void timing(std::string_view key, const latency& samples);
    void check(std::string_view sentence, bool held, std::uint64_t samples, std::string detail = {});
};

verdict judge(const report& done);  // broken beats inconclusive beats held
std::string_view word(verdict v);   // "held", "broken", "inconclusive"

}  // namespace fiberlab::demo
