// redis_client: a process's connection to one Redis server, shared by all fibers of the run.
//
//   auto client = redis_client::connect(*parse_redis_url("redis://localhost"));
//   if (!client) { … client.error().detail … }
//   auto value = (*client)->command({"GET", "greeting"}, {.deadline = after(50ms)});
//   if (value) { use(value->text); }
//
// command blocks the fiber until the reply has come, the deadline has passed or the token has fired; never the thread.
// What the fibers ask for between two looks at the sockets leaves in one write, in order (pipelining): so no command
// that waits at the server (BLPOP, SUBSCRIBE, WAIT) may be sent here, for all others would wait with it.
//
// A command whose caller has given up may still be carried out. Its reply then goes to the `late` handler, which can
// undo it. When the connection breaks, each command in flight ends with `disconnected`; the next command connects anew.
//
// Made in a run and destroyed in it. Needs real time.
#pragma once

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "locks/redis/redis_reply.hpp"
#include "locks/redis/redis_url.hpp"
#include "patterns/core/mutex.hpp"
#include "patterns/core/runtime/wait.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab::locks {

namespace redis {
class connection;
struct endpoint;
}  // namespace redis

struct redis_client_settings {
    duration connect_timeout = std::chrono::seconds{5};   // of one attempt, the look-up of the name left out
    duration response_timeout = std::chrono::seconds{5};  // of a command, whatever its deadline
};

// What a command waits for.
struct redis_call {
    time_point deadline = never;
    stop_token stop{};
    reply_handler late{};  // gets the result that comes, or fails to come, after the caller has given up
};

class redis_client {
public:
    using words = std::span<const std::string_view>;

    // Connects, gives the password, selects the database. On failure there is no client.
    static std::expected<std::unique_ptr<redis_client>, redis_error> connect(redis_url where,
                                                                             const redis_client_settings& settings = {},
                                                                             const stop_token& stop = {});
    ~redis_client();  // what was sent and not answered ends with `disconnected`, late handlers included
    redis_client(const redis_client&) = delete;
    redis_client& operator=(const redis_client&) = delete;
    redis_client(redis_client&&) = delete;
    redis_client& operator=(redis_client&&) = delete;

    // Blocks. `how.late` is taken only when the caller gives up: the result is then timeout or stopped.
    redis_result command(words command, redis_call& how);
    redis_result command(std::initializer_list<std::string_view> command, redis_call how = {}) {
        return this->command(words{command.begin(), command.size()}, how);
    }

    // Never blocks: `done` gets the result between two fibers; at once, when there is no connection.
    void start(words command, reply_handler done);

    bool connected() const noexcept;
    std::expected<void, redis_error> reconnect(const seam::limits& until = {});  // blocks; does nothing when connected

    const redis_url& where() const noexcept { return where_; }
    std::uint64_t commands() const noexcept { return commands_; }        // sent so far
    std::uint64_t connections() const noexcept { return connections_; }  // made so far
    std::uint64_t writes() const noexcept;                               // system calls that sent commands

private:
    redis_client(redis_url where, const redis_client_settings& settings);
    std::vector<redis::endpoint> look_up(std::string& problem) const;
    std::expected<void, redis_error> open(const redis::endpoint& to, const seam::limits& until);
    std::expected<void, redis_error> introduce(redis::connection& fresh, const seam::limits& until);
    redis_result ask(redis::connection& over, words command, redis_call& how);
    std::string_view encode(words command);

    redis_url where_;
    redis_client_settings settings_;
    std::unique_ptr<redis::connection> connection_;  // null, or introduced to the server
    mutex connecting_{"redis reconnect"};
    std::string encoded_;
    std::uint64_t commands_ = 0;
    std::uint64_t connections_ = 0;
    std::uint64_t earlier_writes_ = 0;  // of connections that are gone
};

}  // namespace fiberlab::locks
