// session_locks: the back end "postgres": session-level advisory locks.
//
// An attempt goes to the session that all fibers share, together with whatever the others ask: many keys cost few round
// trips, and a lock got this way occupies no session. When somebody else has the key, the fiber borrows a session and
// waits on it in the server's own queue, so that a release wakes the next waiter wherever it is. The lock then stays
// with that session until it is released. With all sessions lent out, a fiber tries again every few milliseconds: it
// never waits for a session only, which might be held by one who waits for what this fiber holds.
#pragma once

#include <memory>
#include <string_view>

#include "locks/core/lock_manager.hpp"
#include "locks/postgres/held_lock.hpp"

namespace fiberlab::locks::postgres {

class session_locks final : public lock_manager {
public:
    explicit session_locks(std::shared_ptr<shared_parts> of) : its_{std::move(of)} {}

    static std::span<const statement> statements() noexcept;  // to be prepared on its sessions

    result acquire(std::string_view key, const lock_request& request) override;
    result try_acquire(std::string_view key, const lock_request& request) override;
    std::string_view backend() const noexcept override { return "postgres"; }

private:
    struct attempt {
        std::shared_ptr<session> on;
        std::optional<std::int64_t> fence;  // nullopt: somebody else has the key
    };
    std::expected<attempt, sql_error> try_once(std::int64_t id, const seam::limits& until);
    result wait_on(loan lent, turn mine, std::int64_t id, const seam::limits& until);
    std::unique_ptr<lease> hold(std::shared_ptr<session> on, std::optional<loan> lent, turn mine, std::int64_t id,
                                std::int64_t fence);

    std::shared_ptr<shared_parts> its_;
};

}  // namespace fiberlab::locks::postgres
