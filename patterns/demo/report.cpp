#include "patterns/demo/report.hpp"

#include <algorithm>

namespace fiberlab::demo {

void report::count(std::string_view key, std::int64_t value) {
    counts.emplace_back(key, value);
}

void report::timing(std::string_view key, const latency& samples) {
    latencies.emplace_back(key, samples.summary());
}

void report::check(std::string_view sentence, bool held, std::uint64_t samples, std::string detail) {
    invariants.push_back({std::string{sentence}, held, samples, std::move(detail)});
}

verdict judge(const report& done) {
    if (std::ranges::any_of(done.invariants, [](const invariant& i) { return !i.held; })) {
        return verdict::broken;
    }
    if (std::ranges::any_of(done.invariants, [](const invariant& i) { return i.samples == 0; })) {
        return verdict::inconclusive;
    }
    return verdict::held;
}

std::string_view word(verdict v) {
    switch (v) {
        case verdict::broken:
            return "broken";
        case verdict::inconclusive:
            return "inconclusive";
        case verdict::held:
            break;
    }
    return "held";
}

}  // namespace fiberlab::demo
