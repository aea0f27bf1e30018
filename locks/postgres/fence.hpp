// The sequence that fencing tokens come from: public.fiberlab_fence, one for all keys of a database.
//
// It is made by the first who needs it. A role that may not create it is told so; its owner then runs, once,
// `CREATE SEQUENCE public.fiberlab_fence; GRANT USAGE ON SEQUENCE public.fiberlab_fence TO …`. Tokens of all clients
// are comparable because the name does not depend on anybody's search_path, and because the sequence caches none.
#pragma once

#include <expected>

#include "locks/postgres/session.hpp"

namespace fiberlab::locks::postgres {

// Blocks. Any number of processes may call it at the same time. Nothing else may be under way on the session.
std::expected<void, sql_error> make_fence(session& on);

}  // namespace fiberlab::locks::postgres
