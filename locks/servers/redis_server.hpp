// redis_server: one private Redis: nothing on disk, keys never evicted, refusing writes past its memory limit.
#pragma once

#include "locks/servers/lab.hpp"

namespace fiberlab::servers {

start_result<starting_server> start_redis(lab& here, int index);

// Whether it answers a PING. Nothing answers yet for a few milliseconds after the start.
bool redis_answers(lab& here, const starting_server& one);

}  // namespace fiberlab::servers
