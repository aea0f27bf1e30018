// postgres_template: fresh Postgres clusters, without waiting half a second for initdb each time.
//
// initdb runs once per version and user; its result is kept as one archive in the user's cache folder
// ($XDG_CACHE_HOME/fiberlab or ~/.cache/fiberlab: postgres-template-<version>.tar) and unpacked for each server in
// about 25 ms. The archive gets its name in one step when it is whole, so a half-made one is never used, and two
// programs that make it at once each work with their own. A damaged one is made anew. Without a cache folder (none
// writable, none ours), each start runs initdb.
#pragma once

#include <filesystem>
#include <string>

#include "locks/servers/lab.hpp"

namespace fiberlab::servers {

class postgres_template {
public:
    explicit postgres_template(lab& here) : lab_{here} {}

    // Fills an empty folder with a cluster that belongs to the servers' account.
    start_result<void> unpack_into(const std::filesystem::path& data);

private:
    start_result<std::filesystem::path> find_or_make();
    start_result<std::string> version();
    start_result<void> make_cluster(const std::filesystem::path& data);
    start_result<std::filesystem::path> publish(const std::filesystem::path& data, const std::string& name);
    start_result<void> run(const command& wanted);

    lab& lab_;
    std::filesystem::path archive_;  // once known
};

}  // namespace fiberlab::servers
