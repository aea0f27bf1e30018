#include "locks/postgres/connection.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <string_view>
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

// A refusal in libpq's verbose form: "… failed: FATAL:  3D000: database "x" does not exist" and a last line that says
// where in the server. It is the only form that tells the SQLSTATE of a connection that was not made; without one,
// nobody has answered.
sql_error refusal(const pg_conn& refused) {
    std::string words = PQerrorMessage(&refused);
    sql_error why{.why = lock_failure::disconnected};
    constexpr std::string_view after_severity = ":  ";
    constexpr std::size_t length = 5;
    const auto is_state = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    for (std::size_t at = words.find(after_severity); at != std::string::npos;
         at = words.find(after_severity, at + 1)) {
        const std::string_view rest = std::string_view{words}.substr(at + after_severity.size());
        if (rest.size() > length + 1 && rest.substr(length, 2) == ": " &&
            std::ranges::all_of(rest.substr(0, length), is_state)) {
            why.state = rest.substr(0, length);
            words.erase(at + after_severity.size(), length + 2);
            words.resize(std::min(words.size(), words.find_last_of('\n', words.size() - 2)));
            break;
        }
    }
    if (!why.state.empty() && !sqlstate::ends_session(why.state)) {
        why.why = lock_failure::server_error;
    }
    why.message = one_line(words);
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
    PQsetErrorVerbosity(opening.get(), PQERRORS_VERBOSE);
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
    PQsetErrorVerbosity(opening.get(), PQERRORS_DEFAULT);
    return opening;
}

}  // namespace fiberlab::locks::postgres
