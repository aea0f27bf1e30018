// connection: one connection to a Redis server, on the reactor. What differs between versions of the client library
// stays in connection.cpp: nothing else includes its headers.
//
// The constructor starts to connect, and nothing here ever blocks the thread. Commands of all fibers queue up and leave
// in one write, right before the reactor looks at its descriptors. Once closed, it stays closed: make a new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "locks/redis/redis_reply.hpp"
#include "locks/redis/wake_flag.hpp"
#include "patterns/core/runtime/reactor.hpp"
#include "patterns/core/time.hpp"

struct redisAsyncContext;  // NOLINT(readability-identifier-naming): of the client library

namespace fiberlab::locks::redis {

// A unix socket, or an address in numbers: names have been looked up before.
struct endpoint {
    std::string socket;  // empty: ip and port count
    std::string ip;
    std::uint16_t port = 0;
};

// What waits for one reply. It is called once for each command that was sent, between two fibers.
class reply_receiver {
public:
    virtual void receive(redis_result&& result) noexcept = 0;

protected:
    reply_receiver() = default;
    ~reply_receiver() = default;
    reply_receiver(const reply_receiver&) = default;
    reply_receiver& operator=(const reply_receiver&) = default;
    reply_receiver(reply_receiver&&) = default;
    reply_receiver& operator=(reply_receiver&&) = default;
};

class connection final : private io_source {
public:
    enum class phase : std::uint8_t { connecting, open, closed };

    // `silence`: a TCP peer that acknowledges nothing for so long is taken for gone.
    connection(const endpoint& to, duration silence);
    ~connection() override;  // sends what it can without waiting; every command in flight ends with `disconnected`
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    connection(connection&&) = delete;
    connection& operator=(connection&&) = delete;

    phase now() const noexcept { return phase_; }
    const std::string& why_closed() const noexcept { return why_closed_; }
    status wait_connected(const seam::limits& until);  // blocks the fiber; ok, closed, timeout or stopped

    // Queues a command in the protocol's form. False when the connection is not open: `receiver` is then not called.
    bool send(std::string_view encoded, reply_receiver& receiver);
    std::uint64_t writes() const noexcept { return writes_; }

private:
    struct hooks;  // what the client library calls

    void on_ready(std::uint32_t epoll_events) noexcept override;
    void flush() noexcept override { write(); }
    void write() noexcept;
    void watch(std::uint32_t epoll_events) noexcept;
    void unwatch() noexcept;
    void close(std::string_view why) noexcept;

    redisAsyncContext* context_ = nullptr;
    int descriptor_ = -1;
    std::uint32_t watched_ = 0;
    phase phase_ = phase::connecting;
    bool writing_ = false;
    std::uint64_t writes_ = 0;
    std::string why_closed_;
    wake_flag connected_{"redis connection"};
};

}  // namespace fiberlab::locks::redis
