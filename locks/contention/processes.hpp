// Contenders in processes of their own: this program, started anew in a hidden role, once for each.
//
// They connect, say that they are ready, start together when all are, and hand their histories back when the time is
// over. They end when this process does, however it ends.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "locks/backends/open_locks.hpp"
#include "locks/contention/contenders.hpp"

namespace fiberlab::locks {

struct process_result {
    contention_result all;             // the attempts of all processes, by one clock
    std::uint64_t processes_lost = 0;  // ended before they could report
};

// Blocks until all have reported. The error says which process could not take part and why.
std::expected<process_result, std::string> contend_in_processes(backend_kind kind, const std::string& url,
                                                                const contention& plan, std::int64_t processes,
                                                                std::uint64_t seed, const stop_token& stop);

// The hidden role; main() calls it before anything else. nullopt: not this role.
std::optional<int> run_contender(int argc, char** argv);

}  // namespace fiberlab::locks
