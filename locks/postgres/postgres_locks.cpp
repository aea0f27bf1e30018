#include "locks/postgres/postgres_locks.hpp"

#include <stdexcept>

#include "locks/postgres/fence.hpp"
#include "locks/postgres/held_lock.hpp"
#include "locks/postgres/session_locks.hpp"
#include "locks/postgres/transaction_locks.hpp"

namespace fiberlab::locks {

std::expected<std::unique_ptr<lock_manager>, lock_error> connect_postgres(const std::string& url,
                                                                          const postgres_settings& wanted,
                                                                          const stop_token& stop) {
    if (wanted.sessions == 0) {
        throw std::invalid_argument("waiting for a lock takes a session: sessions must be at least 1");
    }
    if (!url.starts_with("postgresql://") && !url.starts_with("postgres://")) {
        return std::unexpected{lock_error{lock_failure::server_error, "not a Postgres URL (postgresql://…)"}};
    }
    const seam::limits until{.deadline = after(wanted.connect_timeout), .stop = stop};
    const auto first = postgres::session::open(url, until.deadline, stop);
    if (!first) {
        return std::unexpected{first.error().as_lock_error()};
    }
    if (const auto made = postgres::make_fence(**first); !made) {
        return std::unexpected{made.error().as_lock_error()};
    }
    const auto statements =
        wanted.transaction_level ? postgres::transaction_locks::statements() : postgres::session_locks::statements();
    auto parts = std::make_shared<postgres::shared_parts>(url, wanted.sessions, wanted.connect_timeout, statements);
    if (const auto reached = parts->pool.adopt(*first, until); !reached) {
        return std::unexpected{reached.error().as_lock_error()};
    }
    if (wanted.transaction_level) {
        return std::make_unique<postgres::transaction_locks>(std::move(parts));
    }
    return std::make_unique<postgres::session_locks>(std::move(parts));
}

}  // namespace fiberlab::locks
