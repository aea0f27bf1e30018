// splitmix64: the generator behind every seeded choice. Written out because the standard's distributions give other
// numbers on other libraries, and a seed must mean the same run everywhere.
// From: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#pragma once

#include <cstdint>

namespace fiberlab {

constexpr std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
}

class splitmix64 {
public:
    constexpr explicit splitmix64(std::uint64_t seed = 0) noexcept : state_{seed} {}
    constexpr std::uint64_t next() noexcept { return mix(state_ += 0x9e3779b97f4a7c15ULL); }
    // 0 ≤ result < n, by multiplication: no division, and a bias below n / 2^64.
    constexpr std::uint64_t below(std::uint64_t n) noexcept { return scale(next(), n); }

    static constexpr std::uint64_t scale(std::uint64_t random, std::uint64_t n) noexcept {
        __extension__ using wide = unsigned __int128;
        return static_cast<std::uint64_t>((static_cast<wide>(random) * n) >> 64U);
    }

private:
    std::uint64_t state_;
};

}  // namespace fiberlab
