// wait_or_cancel: waits for a statement that waits in the server for a lock, and ends that wait there when it is over
// for the fiber.
//
// Whatever the reply says, a wait that did not end well may have left the lock on the session: the server grants first
// and only then looks whether the statement has been cancelled or has timed out (measured: up to 4 of 10 when the two
// meet). So the caller gives back what the session may hold before anybody uses it again.
#pragma once

#include <string>

#include "locks/postgres/session.hpp"
#include "locks/postgres/session_pool.hpp"

namespace fiberlab::locks::postgres {

// lock_timeout for a statement that is sent now, in milliseconds: a hundredth of a second never becomes 0, which would
// mean for ever.
std::string lock_timeout(time_point deadline);

struct wait_outcome {
    session::reply reply;  // rows only when the lock was granted and the fiber still wants it
    bool settled = false;  // nothing is under way any more: the session can be asked to give back what it may hold
};

// `sent` is under way on `on`, with the lock_timeout of until.deadline.
wait_outcome wait_or_cancel(session_pool& pool, session& on, const session::pending& sent, const seam::limits& until);

}  // namespace fiberlab::locks::postgres
