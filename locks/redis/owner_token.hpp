// owner_token: what a lock's key holds at the server. Only who knows it can renew or release the lock, so it is new for
// each acquisition and can't be guessed: 128 bits from the kernel, in hexadecimal.
#pragma once

#include <cstdint>
#include <string>

namespace fiberlab::locks::redis {

std::string make_owner_token();        // throws std::system_error when the kernel has no random numbers
std::uint64_t unpredictable_number();  // from the same source

}  // namespace fiberlab::locks::redis
