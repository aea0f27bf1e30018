// script: a Lua program that the server runs as one step, called by its digest so that its text travels once.
//
//   script release{"if redis.call('GET', KEYS[1]) == ARGV[1] then …"};
//   release.load(client);                                   // the server's digest of it; blocks
//   release.run(client, {"lock:a"}, {token}, {.deadline = after(1s)});
//
// A server that has forgotten it (SCRIPT FLUSH, a restart) answers NOSCRIPT and has done nothing; the text is then
// sent.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "locks/redis/redis_client.hpp"

namespace fiberlab::locks::redis {

class script {
public:
    using texts = std::initializer_list<std::string_view>;

    explicit script(std::string_view text) noexcept : text_{text} {}  // a literal

    std::expected<void, redis_error> load(redis_client& client);
    redis_result run(redis_client& client, texts keys, texts arguments, redis_call how = {}) const;  // blocks
    void start(redis_client& client, texts keys, texts arguments, reply_handler done) const;         // never blocks

private:
    std::string_view text_;
    std::string digest_;
};

}  // namespace fiberlab::locks::redis
