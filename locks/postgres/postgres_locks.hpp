// connect_postgres: locks in a Postgres server, as advisory locks of a session or of a transaction.
//
//   auto locks = connect_postgres("postgresql://user@host/database");
//   if (!locks) { … locks.error().detail … }                       // "connection to server at … failed: …"
//   auto held = (*locks)->acquire("account:7", {.deadline = after(2s)});
//
// "postgres" (session_locks.hpp) suits most: one connection serves any number of uncontended locks. "postgres-xact"
// (transaction_locks.hpp) frees a lock whatever goes wrong, at the price of a connection for each.
//
// Neither expires: a lock lasts as long as its session, so a holder that hangs keeps it. A holder whose session is gone
// may not know at once; write with the fencing token. Postgres finds deadlocks between sessions only, and one fiber's
// locks are on several: give waits a deadline. A pooler that moves sessions between clients (PgBouncer, transaction
// mode) takes the locks away: connect to the server itself.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>

#include "locks/core/lock_manager.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab::locks {

struct postgres_settings {
    bool transaction_level = false;  // "postgres-xact"
    std::size_t sessions = 8;        // at most, opened when needed, besides the one that all fibers share
    duration connect_timeout = std::chrono::seconds{5};
};

// Blocks the fiber until the server has answered and the sequence of the fencing tokens is there (fence.hpp). The
// manager belongs to the run: destroy it in a fiber. disconnected: nobody answers; server_error: the server refuses us,
// or the URL is malformed. Throws std::invalid_argument when `sessions` is 0, std::logic_error in virtual time.
std::expected<std::unique_ptr<lock_manager>, lock_error> connect_postgres(const std::string& url,
                                                                          const postgres_settings& wanted = {},
                                                                          const stop_token& stop = {});

}  // namespace fiberlab::locks
