// turns: one fiber of this process at a time for each lock id, first come, first served.
//
//   auto mine = all.wait(id, deadline, stop);
//   if (!mine) { … timeout or stopped … }
//   // … until `mine` goes, or mine->end()
//
// Two fibers share sessions, and to Postgres a session that asks again for what it holds has it twice: without this,
// both would hold the lock. It also keeps all but one of a key's waiters away from the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <unordered_map>
#include <utility>

#include "patterns/core/semaphore.hpp"
#include "patterns/core/status.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab::locks::postgres {

class turns;

class turn {
public:
    turn(turn&& other) noexcept : of_{std::exchange(other.of_, nullptr)}, id_{other.id_} {}
    turn& operator=(turn&&) = delete;
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() { end(); }

    void end() noexcept;  // the next fiber's turn; a second call does nothing

private:
    friend class turns;
    turn(turns& of, std::int64_t id) noexcept : of_{&of}, id_{id} {}

    turns* of_;
    std::int64_t id_;
};

class turns {
public:
    std::expected<turn, status> wait(std::int64_t id, time_point deadline, const stop_token& stop);  // blocks
    std::expected<turn, status> try_take(std::int64_t id);                                           // or busy
    std::size_t in_use() const noexcept { return places_.size(); }

private:
    friend class turn;
    struct place {
        semaphore free{"turn", 1};
        std::size_t users = 0;  // the fiber that has it and those that wait: who is in a place keeps it
    };
    void leave(std::int64_t id) noexcept;

    std::unordered_map<std::int64_t, place> places_;
};

}  // namespace fiberlab::locks::postgres
