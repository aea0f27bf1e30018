// lock_id: the 64-bit number that stands for a key in Postgres.
//
// Advisory locks are numbered, per database. The number is a hash of our own name space and the key, so that we keep
// out of the way of programs that use small numbers. Two keys may share one: with a million keys in use at the same
// time the chance that any two do is 1 in 37 million. They then exclude each other, which costs time, never safety; a
// fiber that wants both at once waits for itself until its deadline.
#pragma once

#include <cstdint>
#include <string_view>

namespace fiberlab::locks::postgres {

constexpr std::int64_t lock_id(std::string_view key) noexcept {
    constexpr std::string_view name_space = "fiberlab lock ";
    std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
    const auto add = [&hash](std::string_view text) {
        for (const char c : text) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
        }
    };
    add(name_space);
    add(key);
    // Its last characters have hardly reached the high bits yet.
    hash = (hash ^ (hash >> 32U)) * 0xd6e8feb86659fd93ULL;
    return static_cast<std::int64_t>(hash ^ (hash >> 32U));
}

}  // namespace fiberlab::locks::postgres
