// binaries: where the servers' programs are on this machine.
//
// FIBERLAB_REDIS_SERVER (a file) and FIBERLAB_POSTGRES_BIN (a folder) override the search: PATH first, then for
// Postgres the highest version below /usr/lib/postgresql, where Debian keeps it off the PATH. A program that isn't
// there is a start_error of kind missing_binary; its message names the Debian package and the --url way out.
#pragma once

#include <expected>
#include <filesystem>

#include "locks/servers/servers.hpp"

namespace fiberlab::servers {

std::expected<std::filesystem::path, start_error> find_redis_server();  // the program itself
std::expected<std::filesystem::path, start_error> find_postgres_bin();  // the folder with both postgres and initdb

}  // namespace fiberlab::servers
