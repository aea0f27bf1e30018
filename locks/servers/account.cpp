#include "locks/servers/account.hpp"

#include <pwd.h>
#include <unistd.h>

namespace fiberlab::servers {

std::expected<account, std::string> server_account() {
    if (::geteuid() != 0) {
        return account{.uid = ::geteuid(), .gid = ::getegid(), .named = ::getpwuid(::geteuid()) != nullptr};
    }
    for (const char* name : {"postgres", "nobody"}) {
        if (const passwd* entry = ::getpwnam(name); entry != nullptr && entry->pw_uid != 0) {
            return account{.uid = entry->pw_uid, .gid = entry->pw_gid, .foreign = true};
        }
    }
    return std::unexpected{"no server runs as root, and there is neither a user postgres nor a user nobody"};
}

}  // namespace fiberlab::servers
