// session_pool: the sessions of one lock manager: one that all its fibers share, for statements that are answered at
// once, and a few that are lent to one fiber at a time, for those that wait in the server.
//
// A session that is lost is replaced at the next use; what was lost with it is the business of those who held it. A
// loan goes back when its borrower has said that the session is in order; else the session is closed, and the server
// frees what it held.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "locks/postgres/session.hpp"
#include "patterns/core/mutex.hpp"
#include "patterns/core/semaphore.hpp"

namespace fiberlab::locks::postgres {

class session_pool;

class loan {
public:
    loan(loan&& other) noexcept = default;
    loan& operator=(loan&&) = delete;
    loan(const loan&) = delete;
    loan& operator=(const loan&) = delete;
    ~loan();

    session& operator*() const noexcept { return *session_; }
    session* operator->() const noexcept { return session_.get(); }
    const std::shared_ptr<session>& shared() const noexcept { return session_; }

    void in_order() noexcept { in_order_ = true; }  // nothing is held and nothing under way: the next may have it

private:
    friend class session_pool;
    loan(session_pool& from, std::shared_ptr<session> lent) noexcept : from_{&from}, session_{std::move(lent)} {}

    session_pool* from_;
    std::shared_ptr<session> session_;  // null: moved from
    bool in_order_ = false;
};

class session_pool {
public:
    // `prepared` is prepared on every session. It must outlive the pool, and the pool its loans.
    session_pool(std::string url, std::size_t most_loans, duration connect_timeout,
                 std::span<const statement> prepared);

    // The first shared session may have been opened before the pool. Blocks until it is prepared.
    std::expected<void, sql_error> adopt(std::shared_ptr<session> opened, const seam::limits& until);

    // Both block while a session is opened, borrow also until one is free, but no longer than until `free_by`
    // (timeout).
    std::expected<std::shared_ptr<session>, sql_error> shared(const seam::limits& until);
    std::expected<loan, sql_error> borrow(time_point free_by, const seam::limits& until);

    std::size_t most_loans() const noexcept { return slots_.size(); }

private:
    friend class loan;
    std::expected<std::shared_ptr<session>, sql_error> open(const seam::limits& until) const;
    std::shared_ptr<session> take_idle();
    void give_back(std::shared_ptr<session> lent, bool in_order);

    std::string url_;
    duration connect_timeout_;
    std::span<const statement> prepared_;
    mutex opening_{"opening the shared session"};
    std::shared_ptr<session> shared_;
    semaphore slots_;
    std::vector<std::shared_ptr<session>> idle_;
};

}  // namespace fiberlab::locks::postgres
