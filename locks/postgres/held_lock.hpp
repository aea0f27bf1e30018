// held_lock: the lease of both Postgres back ends: a lock that one session holds, until it is given back on that
// session or the session is lost.
//
// It has no expiry, so renew() only asks whether the session is still there, and `ttl` means nothing. lost() fires when
// the session is lost: the server ended it, died, or was out of reach for too long (connection.cpp says how long).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "locks/core/lock_manager.hpp"
#include "locks/postgres/session_pool.hpp"
#include "locks/postgres/turns.hpp"

namespace fiberlab::locks::postgres {

// What all of a manager's leases share with it, and keep alive when it goes first.
struct shared_parts {
    shared_parts(std::string url, std::size_t sessions, duration connect_timeout, std::span<const statement> prepared)
        : pool{std::move(url), sessions, connect_timeout, prepared} {}

    session_pool pool;
    turns waiting;
};

class held_lock final : public lease {
public:
    struct parts {
        std::shared_ptr<shared_parts> of;
        turn mine;
        std::shared_ptr<session> on;
        std::optional<loan> lent;  // when the session is ours alone
        std::int64_t fence = 0;
        statement give_back{};  // its reply is true, or has no rows: COMMIT
        statement undo{};       // when nobody called release()
        std::string which{};    // for unlocks that are gathered; empty: they are sent alone
    };

    explicit held_lock(parts of);
    ~held_lock() override;

    std::expected<void, lock_error> release() override;
    std::expected<void, lock_error> renew(duration ttl) override;
    bool is_held() const noexcept override { return !released_ && its_.on->alive(); }
    std::int64_t fencing_token() const noexcept override { return its_.fence; }
    stop_token lost() const noexcept override { return token_; }

private:
    std::expected<void, lock_error> give_back(const statement& how);
    bool give_back_quietly() noexcept;
    lock_error loss() const;

    parts its_;
    std::optional<stop_source> lost_;
    stop_token token_;
    bool released_ = false;
};

}  // namespace fiberlab::locks::postgres
