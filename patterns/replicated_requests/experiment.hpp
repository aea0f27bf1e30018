// The same requests, asked in several ways: of one replica, of all, of all but only when the first is slow. What is
// compared is measured on both sides, by the caller and where the request was carried out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "patterns/demo/command.hpp"
#include "patterns/replicated_requests/replicated_requests.hpp"

namespace fiberlab::demos {

struct question {
    std::size_t client = 0;
    std::size_t request = 0;
    std::size_t replica = 0;
};

// Answers with the number of the request. Of one client, one question at a time goes to a replica.
using replica_call = std::function<answer<std::int64_t>(const question& of, const stop_token& cancelled)>;

demo::report run_experiment(const demo::stage& on, std::size_t replicas, const replica_call& ask);

}  // namespace fiberlab::demos
