// What the server runs to take, keep and give back a lock. Each is one step there: nothing comes in between.
//
// KEYS[1] is the lock: a string that holds its owner's token and expires. Times are in milliseconds, for EXPIRE's whole
// seconds would make 900 ms into 0, which deletes the key.
#pragma once

#include <string_view>

namespace fiberlab::locks::redis::scripts {

// KEYS[2] counts the fencing tokens of all locks: a counter for each would stay for ever with its key, and could not
// expire, since starting again at 1 lets an old holder in. ARGV: owner token, ttl. Returns {1, fencing token}, or
// {0, what the present holder has left}.
//
// A server that has lost its memory must not give out numbers a second time, so a counter that isn't there starts at
// the server's time in microseconds. A counter that can't be counted undoes the lock, since a script that fails midway
// keeps what it has done.
inline constexpr std::string_view acquire = R"(
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
    return {0, redis.call('PTTL', KEYS[1])}
end
local fence = redis.pcall('INCR', KEYS[2])
if type(fence) == 'table' then
    redis.call('DEL', KEYS[1])
    return fence
end
if fence == 1 then
    local now = redis.call('TIME')
    fence = tonumber(now[1]) * 1000000 + tonumber(now[2])
    redis.call('SET', KEYS[2], string.format('%.0f', fence))
end
return {1, fence}
)";

// ARGV: owner token. Returns 1, or 0 when it is not ours.
inline constexpr std::string_view release = R"(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return 0
end
return redis.call('DEL', KEYS[1])
)";

// ARGV: owner token, ttl. Returns 1, or 0 when it is not ours.
inline constexpr std::string_view renew = R"(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
)";

}  // namespace fiberlab::locks::redis::scripts
