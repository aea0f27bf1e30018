// replicate_as_written: replicated requests as they are usually written. The first *answer* wins, so a server that
// refuses at once beats all that would have helped. The others are told to stop and forgotten: they go on for a while,
// and their time is said to be what had passed by then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "patterns/replicated_requests/replicated_requests.hpp"

namespace fiberlab {

// `forgotten` joins, in the end, what is left behind: a demonstration must not leak.
template <class T, class Ask>
reply<T> replicate_as_written(std::size_t replicas, task_group& forgotten, const stop_token& stop, Ask ask) {
    struct shared_state {
        shared_state(std::size_t n, const stop_token& parent, Ask how)
            : answers{"answers", n}, race{parent, "race"}, ask{std::move(how)} {}
        channel<arrival<T>> answers;
        stop_source race;
        Ask ask;
    };
    const auto shared = std::make_shared<shared_state>(replicas, stop, std::move(ask));
    const time_point begin = clock::now();
    for (std::size_t i = 0; i < replicas; ++i) {
        forgotten.go({"replica", static_cast<std::int32_t>(i)}, [shared, i] {
            answer<T> got = asked<T>(shared->ask, i, shared->race.token());
            [[maybe_unused]] const status delivered = shared->answers.push({i, std::move(got)});
        });
    }
    auto first = shared->answers.pop();
    shared->race.request_stop("answered");

    reply<T> made;
    made.latency = clock::now() - begin;
    made.copies.assign(replicas, {.how = copy_end::cancelled, .took = made.latency});
    copy_report& winner = made.copies[first->replica];
    if (first->got) {
        made.value.emplace(*std::move(first->got));
        made.winner = first->replica;
        winner.how = copy_end::won;
    } else {
        winner.how = copy_end::failed;
        winner.error = first->got.error().message;
    }
    made.stopped = stop.stop_requested();
    return made;
}

}  // namespace fiberlab
