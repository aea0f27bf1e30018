#include "locks/redis/wake_strategy.hpp"

#include <algorithm>
#include <stdexcept>

#include "locks/redis/owner_token.hpp"
#include "patterns/core/runtime/seam.hpp"

namespace fiberlab::locks {

backoff_strategy::backoff_strategy(const backoff_settings& settings)
    : settings_{settings}, shift_{redis::unpredictable_number()} {
    if (settings.first <= duration::zero() || settings.most < settings.first) {
        throw std::invalid_argument("backoff: the first pause must be above zero and not above the longest");
    }
}

status backoff_strategy::wait(const contended& found, time_point latest, const stop_token& stop) {
    const duration longest = std::max(duration::zero(), latest - clock::now());
    return sleep_for(std::min(pause(found.tries), longest), stop);
}

duration backoff_strategy::pause(std::uint32_t tries) const {
    constexpr std::uint32_t most_doublings = 20;
    const std::uint32_t doublings = std::min(tries - 1, most_doublings);
    const bool passes = settings_.first > settings_.most / (std::int64_t{1} << doublings);
    const duration bound = passes ? settings_.most : settings_.first * (std::int64_t{1} << doublings);
    // Processes that were started with the same seed draw the same numbers; the shift keeps them apart.
    const auto width = static_cast<std::uint64_t>(bound.count()) + 1;
    return duration{static_cast<std::int64_t>((draw(width) + shift_ % width) % width)};
}

}  // namespace fiberlab::locks
