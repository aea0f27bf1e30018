// account: who the servers run as. Ourselves, unless we are root: Postgres refuses root, and a Redis that listens needs
// none of root's rights; then it is the user postgres, else nobody.
#pragma once

#include <sys/types.h>

#include <expected>
#include <string>

namespace fiberlab::servers {

struct account {
    uid_t uid = 0;
    gid_t gid = 0;
    bool named = true;     // in the user database, without which initdb refuses to work
    bool foreign = false;  // not ourselves: what the servers write to must be given to them
};

std::expected<account, std::string> server_account();  // reads the user database: call it in a single-threaded process

}  // namespace fiberlab::servers
