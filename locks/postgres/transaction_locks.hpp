// transaction_locks: the back end "postgres-xact": transaction-level advisory locks.
//
// A lease is an open transaction: release() commits it, a lease that goes without release() rolls it back, and both
// free the lock. What the server can't leave behind after an error needs no undoing, which makes this the simpler of
// the two; the price is a session for every lease that is held, of which there are only as many as the settings say. A
// fiber that waits for another lease while it holds one may wait for a session that never comes free: give it a
// deadline. The transaction is READ COMMITTED: a snapshot from before the wait would not show what the last holder
// wrote.
#pragma once

#include <memory>
#include <string_view>

#include "locks/core/lock_manager.hpp"
#include "locks/postgres/held_lock.hpp"

namespace fiberlab::locks::postgres {

class transaction_locks final : public lock_manager {
public:
    explicit transaction_locks(std::shared_ptr<shared_parts> of) : its_{std::move(of)} {}

    static std::span<const statement> statements() noexcept;  // to be prepared on its sessions

    result acquire(std::string_view key, const lock_request& request) override;
    result try_acquire(std::string_view key, const lock_request& request) override;  // busy too when no session is free
    std::string_view backend() const noexcept override { return "postgres-xact"; }

private:
    result take(loan lent, turn mine, const statement& how, session::arguments with, const seam::limits& until);

    std::shared_ptr<shared_parts> its_;
};

}  // namespace fiberlab::locks::postgres
