// latency: a distribution of durations in bounded memory, whatever the number of samples.
//
// Boost.Histogram with logarithmic buckets holds the counts: a quantile is off by at most 1 %; count, min, mean and max
// are exact. (HdrHistogram would be the usual choice; Debian 12 has no C or C++ package of it.)
#pragma once

#include <cstdint>
#include <memory>

#include "patterns/core/time.hpp"

namespace fiberlab::demo {

struct latency_summary {
    std::uint64_t count = 0;
    std::int64_t min_ns = 0;
    std::int64_t mean_ns = 0;
    std::int64_t p50_ns = 0;
    std::int64_t p90_ns = 0;
    std::int64_t p99_ns = 0;
    std::int64_t p999_ns = 0;
    std::int64_t max_ns = 0;
};

class latency {
public:
    latency();
    ~latency();
    latency(latency&&) noexcept;
    latency& operator=(latency&&) noexcept;

    void record(duration sample);       // a negative sample counts as 0
    void merge(const latency& other);   // as if its samples had been recorded here
    duration quantile(double q) const;  // 0 ≤ q ≤ 1; 0ns without samples
    latency_summary summary() const;

private:
    struct buckets;
    std::unique_ptr<buckets> buckets_;
};

}  // namespace fiberlab::demo
