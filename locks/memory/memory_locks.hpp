// memory_locks: locks between the fibers of this process, over keyed mutexes. They know no expiry: a ttl is ignored,
// and a lease is never lost. Fencing tokens rise over all keys.
#pragma once

#include <memory>

#include "locks/core/lock_manager.hpp"

namespace fiberlab::locks {

std::unique_ptr<lock_manager> make_memory_locks();

// Over the keyed mutex as the decision record wrote it. It has no deadline and no stop: acquire waits as long as it
// takes.
std::unique_ptr<lock_manager> make_memory_locks_as_written();

}  // namespace fiberlab::locks
