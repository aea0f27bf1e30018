// What the tests of Postgres locks share: a private server, a run that talks to it, and looks into its tables.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "locks/core/lock_manager.hpp"
#include "locks/postgres/postgres_locks.hpp"
#include "locks/postgres/session.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab::test {

// The URL of a server that all tests of this process use; empty when there is none, and then it says so.
const std::string& postgres_url();

// The same server over TCP, by host name and password.
const std::string& postgres_tcp_url();

// Runs `body` in real time and fails the test when the run does not complete.
void in_real_time(const std::function<void()>& body);

// in_real_time with the URL, or not at all.
void with_postgres(const std::function<void(const std::string& url)>& body);

// Throws std::runtime_error with the error's words; the run reports it.
std::shared_ptr<locks::postgres::session> open_session(const std::string& url);
std::unique_ptr<locks::lock_manager> open_locks(const std::string& url, const locks::postgres_settings& settings = {});

std::int64_t number(locks::postgres::session& db, const char* query);

// Advisory locks, as the server sees them.
std::int64_t granted(locks::postgres::session& db);
std::int64_t waited_for(locks::postgres::session& db);

// Asks again and again; false when it does not hold within a few seconds.
bool eventually(const std::function<bool()>& holds);

// Blocks until then.
void wait_for(time_point moment);

}  // namespace fiberlab::test
