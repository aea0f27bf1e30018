// in_transaction: a libpqxx transaction on a session, for what is easier said in one than driven by a reactor: setting
// up a schema, a sequence of statements that depend on one another.
//
//   auto done = in_transaction(db, [](pqxx::transaction_base& work) { work.exec("UPDATE …"); });
//
// `work` runs on a helper thread, READ COMMITTED; it must not touch anything of the run (channels, locks, the session).
// The fiber blocks meanwhile, the thread does not. Committed when `work` returns, rolled back when it throws: what
// libpqxx throws becomes the error, other exceptions come back as they are. Nothing else may be under way on the
// session.
#pragma once

#include <expected>
#include <functional>

#include "locks/postgres/session.hpp"
#include "locks/postgres/sql_error.hpp"

namespace pqxx {
class transaction_base;
}

namespace fiberlab::locks::postgres {

std::expected<void, sql_error> in_transaction(session& on, const std::function<void(pqxx::transaction_base&)>& work);

}  // namespace fiberlab::locks::postgres
