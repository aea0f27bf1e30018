#include "patterns/demo/latency.hpp"

#include <algorithm>
#include <boost/histogram/axis/regular.hpp>
#include <boost/histogram/histogram.hpp>
#include <boost/histogram/make_histogram.hpp>
#include <boost/histogram/storage_adaptor.hpp>
#include <cmath>
#include <limits>

namespace fiberlab::demo {

namespace {

namespace bh = boost::histogram;

// Buckets grow by 2 %, and a quantile is told as the middle of its bucket: 1 % to either side. From a nanosecond to the
// longest duration there is, that takes about 2,200 of them.
constexpr double smallest = 1.0;
const double largest = static_cast<double>(std::numeric_limits<std::int64_t>::max());
const double growth = 1.0198;

using log_axis = bh::axis::regular<double, bh::axis::transform::log>;
using counts = bh::histogram<std::tuple<log_axis>, bh::dense_storage<std::uint64_t>>;

counts make_counts() {
    const auto bins = static_cast<unsigned>(std::ceil(std::log(largest / smallest) / std::log(growth)));
    return counts{std::tuple{log_axis{bins, smallest, largest}}, bh::dense_storage<std::uint64_t>{}};
}

}  // namespace

struct latency::buckets {
    counts by_bucket = make_counts();  // a sample of 0 falls below the first bucket, into its own
    std::uint64_t count = 0;
    long double sum = 0;  // exact up to 2^64 ns, 584 years
    std::int64_t min = std::numeric_limits<std::int64_t>::max();
    std::int64_t max = 0;
};

latency::latency() : buckets_{std::make_unique<buckets>()} {}
latency::~latency() = default;
latency::latency(latency&&) noexcept = default;
latency& latency::operator=(latency&&) noexcept = default;

void latency::record(duration sample) {
    const std::int64_t ns = std::max<std::int64_t>(sample.count(), 0);
    buckets_->by_bucket(static_cast<double>(ns));
    ++buckets_->count;
    buckets_->sum += static_cast<long double>(ns);
    buckets_->min = std::min(buckets_->min, ns);
    buckets_->max = std::max(buckets_->max, ns);
}

void latency::merge(const latency& other) {
    buckets_->by_bucket += other.buckets_->by_bucket;
    buckets_->count += other.buckets_->count;
    buckets_->sum += other.buckets_->sum;
    buckets_->min = std::min(buckets_->min, other.buckets_->min);
    buckets_->max = std::max(buckets_->max, other.buckets_->max);
}

duration latency::quantile(double q) const {
    const buckets& all = *buckets_;
    if (all.count == 0) {
        return duration{0};
    }
    // The smallest sample that at least a share q of all samples does not exceed.
    const auto wanted = static_cast<std::uint64_t>(std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(all.count)));
    if (wanted <= 1) {
        return duration{all.min};
    }
    if (wanted >= all.count) {
        return duration{all.max};
    }
    const auto& axis = all.by_bucket.axis();
    std::uint64_t seen = 0;
    for (int i = -1; i < axis.size(); ++i) {
        seen += all.by_bucket.at(i);
        if (seen >= wanted) {
            const double middle = i < 0 ? 0.0 : std::sqrt(axis.bin(i).lower() * axis.bin(i).upper());
            const auto ns = static_cast<std::int64_t>(std::llround(std::min(middle, largest / 2)));
            return duration{std::clamp(ns, all.min, all.max)};
        }
    }
    return duration{all.max};
}

latency_summary latency::summary() const {
    const buckets& all = *buckets_;
    if (all.count == 0) {
        return {};
    }
    return {.count = all.count,
            .min_ns = all.min,
            .mean_ns = static_cast<std::int64_t>(all.sum / static_cast<long double>(all.count)),
            .p50_ns = quantile(0.5).count(),
            .p90_ns = quantile(0.9).count(),
            .p99_ns = quantile(0.99).count(),
            .p999_ns = quantile(0.999).count(),
            .max_ns = all.max};
}

}  // namespace fiberlab::demo
