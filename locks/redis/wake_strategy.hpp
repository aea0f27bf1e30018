// wake_strategy: how the one fiber of a process that asks for a key waits between two tries while another process has
// it. backoff_strategy is the plain one: it asks again after a random time.
#pragma once

#include <cstdint>
#include <string_view>

#include "patterns/core/status.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab::locks {

class wake_strategy {
public:
    // What the last try found.
    struct contended {
        std::string_view key;
        std::uint32_t tries = 1;  // so far
        duration holder_has{};    // until the holder's lock expires, if it isn't renewed; negative: it never does
    };

    wake_strategy() = default;
    virtual ~wake_strategy() = default;
    wake_strategy(const wake_strategy&) = delete;
    wake_strategy& operator=(const wake_strategy&) = delete;
    wake_strategy(wake_strategy&&) = delete;
    wake_strategy& operator=(wake_strategy&&) = delete;

    // Blocks until a try looks worth it, at the latest until `latest`: ok; stopped when the token fires first.
    virtual status wait(const contended& found, time_point latest, const stop_token& stop) = 0;
};

struct backoff_settings {
    duration first = std::chrono::milliseconds{1};  // the first pause is a random part of this, the next of twice it, …
    duration most = std::chrono::milliseconds{50};  // … up to this
};

// Exponential back-off with full jitter: a pause is anything between nothing and its bound, so that those who failed
// together don't come back together.
class backoff_strategy final : public wake_strategy {
public:
    explicit backoff_strategy(const backoff_settings& settings);  // 0 < first ≤ most, or std::invalid_argument
    status wait(const contended& found, time_point latest, const stop_token& stop) override;

private:
    duration pause(std::uint32_t tries) const;

    backoff_settings settings_;
    std::uint64_t shift_;
};

}  // namespace fiberlab::locks
