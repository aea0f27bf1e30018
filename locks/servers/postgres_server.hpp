// postgres_server: one private Postgres, its cluster copied from the template: superuser "lab", database "postgres",
// nothing ever flushed to disk. Over the socket it trusts us, since nobody else gets at it; over TCP it wants the
// password.
#pragma once

#include "locks/servers/lab.hpp"
#include "locks/servers/postgres_template.hpp"

namespace fiberlab::servers {

start_result<starting_server> start_postgres(lab& here, postgres_template& clusters, int index);

// Whether it takes clients; the first time that it does, it is given its password.
bool postgres_answers(lab& here, const starting_server& one);

}  // namespace fiberlab::servers
