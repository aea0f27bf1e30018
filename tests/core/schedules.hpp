// Runs a body under many schedules: the usual way to test a primitive, for most of its bugs need a certain order.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <utility>

#include "patterns/core/runtime/runtime.hpp"

namespace fiberlab::test {

// In virtual time under the seeds 1…n; each run must complete: no deadlock, no leak, no exception.
template <class Body>
void under_schedules(std::uint64_t n, Body&& body) {
    for (std::uint64_t seed = 1; seed <= n; ++seed) {
        const run_outcome done = run({.mode = run_mode::virtual_time, .seed = seed}, [&] { body(); });
        if (done.error != nullptr) {
            std::rethrow_exception(done.error);
        }
        REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, "seed " << seed << ": " << done.message);
    }
}

// The same body in both modes; in real time once.
template <class Body>
void in_both_modes(std::uint64_t n, Body&& body) {
    under_schedules(n, body);
    const run_outcome done = run({.mode = run_mode::real}, [&] { body(); });
    if (done.error != nullptr) {
        std::rethrow_exception(done.error);
    }
    REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, "in real time: " << done.message);
}

}  // namespace fiberlab::test
