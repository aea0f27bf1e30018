// The one file that knows in what libpqxx 6 and 7 differ: how they take over a connection that somebody else has
// opened.
#include "locks/postgres/transaction.hpp"

#include <libpq-fe.h>

#include <pqxx/pqxx>
#include <utility>

namespace fiberlab::locks::postgres {

namespace {

#if PQXX_VERSION_MAJOR < 7

// libpqxx 6 asks a policy for its connections, and would ask it again, silently, for a new one when the first is lost:
// this policy has only the one, and leaves it open.
class lent_only final : public pqxx::connectionpolicy {
public:
    explicit lent_only(pg_conn& lent) : connectionpolicy{std::string{}}, lent_{&lent} {}
    handle do_startconnect(handle /*before*/) override { return lent_; }
    handle do_completeconnect(handle /*before*/) override { return lent_; }
    handle do_dropconnect(handle /*before*/) noexcept override { return nullptr; }
    handle do_disconnect(handle /*before*/) noexcept override { return nullptr; }

private:
    handle lent_;
};

class borrowed final : public pqxx::connection_base {
public:
    explicit borrowed(pg_conn& lent) : connection_base{policy_}, policy_{lent} { init(); }
    ~borrowed() { close(); }
    borrowed(const borrowed&) = delete;
    borrowed& operator=(const borrowed&) = delete;
    borrowed(borrowed&&) = delete;
    borrowed& operator=(borrowed&&) = delete;
    connection_base& get() noexcept { return *this; }

private:
    lent_only policy_;
};

#else

class borrowed final {
public:
    explicit borrowed(pg_conn& lent) : taken_{pqxx::connection::seize_raw_connection(&lent)} {}
    ~borrowed() { std::move(taken_).release_raw_connection(); }
    borrowed(const borrowed&) = delete;
    borrowed& operator=(const borrowed&) = delete;
    borrowed(borrowed&&) = delete;
    borrowed& operator=(borrowed&&) = delete;
    pqxx::connection& get() noexcept { return taken_; }

private:
    pqxx::connection taken_;
};

#endif

}  // namespace

std::expected<void, sql_error> in_transaction(session& on, const std::function<void(pqxx::transaction_base&)>& work) {
    try {
        on.lend([&](pg_conn& lent) {
            borrowed through{lent};
            pqxx::work transaction{through.get()};
            work(transaction);
            transaction.commit();
        });
    } catch (const pqxx::broken_connection& lost) {
        return std::unexpected{sql_error{lock_failure::disconnected, {}, one_line(lost.what())}};
    } catch (const pqxx::sql_error& refused) {
        return std::unexpected{sql_error{lock_failure::server_error, refused.sqlstate(), one_line(refused.what())}};
    } catch (const pqxx::failure& failed) {
        return std::unexpected{sql_error{lock_failure::server_error, {}, one_line(failed.what())}};
    }
    if (!on.alive()) {
        return std::unexpected{sql_error{lock_failure::disconnected, {}, "the session is lost"}};
    }
    return {};
}

}  // namespace fiberlab::locks::postgres
