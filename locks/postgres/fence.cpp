#include "locks/postgres/fence.hpp"

#include <pqxx/pqxx>

#include "locks/postgres/lock_id.hpp"
#include "locks/postgres/transaction.hpp"

namespace fiberlab::locks::postgres {

std::expected<void, sql_error> make_fence(session& on) {
    constexpr statement is_there{.text = "SELECT to_regclass('public.fiberlab_fence') IS NOT NULL"};
    const session::reply found = on.execute(is_there, {});
    if (!found) {
        return std::unexpected{found.error()};
    }
    if (found->is_true(0, 0)) {
        return {};
    }
    return in_transaction(on, [](pqxx::transaction_base& work) {
        // IF NOT EXISTS alone is no help: of two that create it at the same time, one fails with a duplicate key.
        work.exec("SELECT pg_advisory_xact_lock(" + std::to_string(lock_id("creation of fiberlab_fence")) + ")");
        work.exec("CREATE SEQUENCE IF NOT EXISTS public.fiberlab_fence AS bigint CACHE 1");
    });
}

}  // namespace fiberlab::locks::postgres
