#include "patterns/demo/latency.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace fiberlab::demo {

using namespace std::chrono_literals;

namespace {

// The sample that a share q of the sorted samples does not exceed.
std::int64_t exact(const std::vector<std::int64_t>& sorted, double q) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
    return sorted.at(std::max<std::size_t>(rank, 1) - 1);
}

// From a nanosecond to eleven days, evenly over the magnitudes.
std::vector<std::int64_t> spread_samples(std::size_t n) {
    std::mt19937_64 random{7};
    std::vector<std::int64_t> samples(n);
    for (std::int64_t& sample : samples) {
        sample = static_cast<std::int64_t>(std::exp(static_cast<double>(random() % 34'500) / 1000.0));
    }
    return samples;
}

}  // namespace

TEST_CASE("a quantile is off by at most one per cent, whatever the magnitude") {
    latency measured;
    std::vector<std::int64_t> samples = spread_samples(20'000);
    for (const std::int64_t sample : samples) {
        measured.record(duration{sample});
    }
    std::ranges::sort(samples);
    for (int permille = 0; permille <= 1000; ++permille) {
        const double q = permille / 1000.0;
        const auto truth = static_cast<double>(exact(samples, q));
        CAPTURE(q);
        // Half a nanosecond on top: the result is a whole number.
        CHECK(std::abs(static_cast<double>(measured.quantile(q).count()) - truth) <= truth * 0.01 + 0.5);
    }
}

TEST_CASE("count, least, mean and greatest are exact") {
    latency measured;
    std::int64_t sum = 0;
    const std::vector<std::int64_t> samples = spread_samples(999);
    for (const std::int64_t sample : samples) {
        measured.record(duration{sample});
        sum += sample;
    }
    const latency_summary all = measured.summary();
    CHECK(all.count == 999);
    CHECK(all.min_ns == std::ranges::min(samples));
    CHECK(all.max_ns == std::ranges::max(samples));
    CHECK(all.mean_ns == sum / 999);
}

TEST_CASE("without samples everything is zero") {
    const latency nothing;
    const latency_summary all = nothing.summary();
    CHECK(all.count == 0);
    CHECK(all.min_ns == 0);
    CHECK(all.p999_ns == 0);
    CHECK(nothing.quantile(0.5) == 0ns);
}

TEST_CASE("one sample is every quantile") {
    latency one;
    one.record(1234567ns);
    const latency_summary all = one.summary();
    CHECK(all.min_ns == 1234567);
    CHECK(all.p50_ns == 1234567);
    CHECK(all.p999_ns == 1234567);
    CHECK(all.mean_ns == 1234567);
}

TEST_CASE("zero, less than zero and the longest duration are samples too") {
    latency edges;
    edges.record(0ns);
    edges.record(-5ns);
    edges.record(0ns);
    edges.record(duration::max());
    CHECK(edges.summary().min_ns == 0);
    CHECK(edges.quantile(0.5) == 0ns);
    CHECK(edges.quantile(0.75) == 0ns);
    CHECK(edges.quantile(1) == duration::max());
    CHECK(edges.summary().mean_ns == std::numeric_limits<std::int64_t>::max() / 4);
}

TEST_CASE("merged distributions are as one") {
    latency all;
    latency left;
    latency right;
    for (int i = 1; i <= 1000; ++i) {
        all.record(i * 1us);
        (i % 3 == 0 ? left : right).record(i * 1us);
    }
    left.merge(right);
    CHECK(left.summary().count == 1000);
    CHECK(left.summary().mean_ns == all.summary().mean_ns);
    CHECK(left.quantile(0.9) == all.quantile(0.9));
    CHECK(left.summary().min_ns == 1000);
    CHECK(left.summary().max_ns == 1'000'000);
}

}  // namespace fiberlab::demo
