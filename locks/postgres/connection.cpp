#include "locks/postgres/connection.hpp"

#include <libpq-fe.h>

#include <array>
#include <new>
#include <optional>
#include <utility>

#include "patterns/core/io.hpp"

namespace fiberlab::locks::postgres {

namespace {

// A key of the URL overrides the same key here. The keepalives notice a server that went away without a word within
// half a minute; by default that takes two hours, in which a holder would believe in a lock that it has no more.
connection start(const std::string& url) {
    constexpr std::size_t pairs = 6;
    const std::array<const char*, pairs + 1> keys{"fallback_application_name",
                                                  "keepalives_idle",
                                                  "keepalives_interval",
                                                  "keepalives_count",
                                                  "tcp_user_timeout",
                                                  "dbname",  // the whole URL
                                                  nullptr};
    const std::array<const char*, pairs + 1> values{"fiberlab", "10", "5", "3", "25000", url.c_str(), nullptr};
    return connection{PQconnectStartParams(keys.data(), values.data(), 1)};
}

sql_error refusal(const pg_conn& refused) {
    sql_error why{.why = lock_failure::disconnected, .message = one_line(PQerrorMessage(&refused))};
    // libpq keeps no SQLSTATE of a refused connection. Only a server that answers says FATAL.
    if (why.message.find("FATAL") != std::string::npos) {
        why.why = lock_failure::server_error;
    }
    return why;
}

std::optional<sql_error> malformed(const std::string& url) {
    char* words = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed{PQconninfoParse(url.c_str(), &words),
                                                                              &PQconninfoFree};
    const std::unique_ptr<char, decltype(&PQfreemem)> owned{words, &PQfreemem};
    if (parsed != nullptr) {
        return std::nullopt;
    }
    return sql_error{.message = one_line(words != nullptr ? words : "not a Postgres URL")};
}

}  // namespace

void finish_connection::operator()(pg_conn* finished) const noexcept {
    PQfinish(finished);
}

std::expected<connection, sql_error> open_connection(const std::string& url, time_point deadline,
                                                     const stop_token& stop) {
    if (std::optional<sql_error> why = malformed(url)) {
        return std::unexpected{*std::move(why)};
    }
    // On helper threads: libpq looks up host names, and reads password and certificate files, in both calls.
    connection opening = offload([&] { return start(url); });
    if (opening == nullptr) {
        throw std::bad_alloc{};
    }
    auto next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        if (next == PGRES_POLLING_FAILED || PQstatus(opening.get()) == CONNECTION_BAD) {
            return std::unexpected{refusal(*opening)};
        }
        const int socket = PQsocket(opening.get());
        const status ready = next == PGRES_POLLING_READING ? wait_readable(socket, deadline, stop)
                                                           : wait_writable(socket, deadline, stop);
        if (ready == status::stopped) {
            return std::unexpected{sql_error{lock_failure::stopped, {}, "stopped while connecting"}};
        }
        if (ready != status::ok) {
            return std::unexpected{sql_error{lock_failure::disconnected, {}, "the server does not answer"}};
        }
        next = offload([&] { return PQconnectPoll(opening.get()); });
    }
    return opening;
}

}  // namespace fiberlab::locks::postgres
