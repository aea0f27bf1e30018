// connection: libpq's connection, opened without blocking the thread.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "locks/postgres/sql_error.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/time.hpp"

struct pg_conn;  // libpq's PGconn

namespace fiberlab::locks::postgres {

struct finish_connection {
    void operator()(pg_conn* finished) const noexcept;
};

using connection = std::unique_ptr<pg_conn, finish_connection>;

// `url` as libpq reads it: postgresql://user@host/database?connect_timeout=…, hosts and keys of its own included.
// Blocks the fiber. disconnected: nobody answers there, or not before the deadline; server_error: the server does not
// want us (wrong password, no such database, too many clients), or libpq does not understand the URL.
std::expected<connection, sql_error> open_connection(const std::string& url, time_point deadline,
                                                     const stop_token& stop = {});

}  // namespace fiberlab::locks::postgres
