// open_locks: a lock_manager by the name of its back end or by URL.
//
//   memory                       memory:
//   redis                        redis://[user:password@]host:port[/db], unix:///path/redis.sock
//   postgres, postgres-xact      postgres://… and postgresql://… as libpq reads them
//
// An unknown back end is an error, never a silent fall-back to memory.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "locks/core/lock_manager.hpp"

namespace fiberlab::locks {

enum class backend_kind : std::uint8_t { memory, redis, postgres, postgres_xact };

std::string_view to_string(backend_kind kind) noexcept;

// By name; the error lists the names there are.
std::expected<backend_kind, std::string> backend_by_name(std::string_view text);
// By a URL's scheme. A Postgres URL means session locks.
std::expected<backend_kind, std::string> backend_of_url(std::string_view url);

// Connects; blocks the fiber. `url` is ignored for memory.
std::expected<std::unique_ptr<lock_manager>, lock_error> open_locks(backend_kind kind, const std::string& url);

}  // namespace fiberlab::locks
