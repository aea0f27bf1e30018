// guardian: the hidden role of this program that owns private servers and outlives it by a moment.
//
//   int main(int argc, char** argv) {
//       if (const auto code = fiberlab::servers::run_hidden_role(argc, argv)) {
//           return *code;
//       }
//       …
//   }
//
// private_servers::start() runs /proc/self/exe again as `__guardian PARENT-PID`, with one end of a socket pair as its
// standard input. The socket carries the order one way, and addresses and reports the other. The guardian is single-
// threaded, so forking is safe there, and it alone starts, watches and ends processes. End of file on the socket, or
// the parent's end, means: end the servers, remove the folder, go.
#pragma once

#include <optional>

namespace fiberlab::servers {

// The exit code when this process was started as a guardian; nothing when it is an ordinary run. Call it first in
// main(), before threads and signal handlers.
std::optional<int> run_hidden_role(int argc, char** argv);

}  // namespace fiberlab::servers
