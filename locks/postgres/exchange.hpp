// exchange: one statement on its way through a session, from the fiber that sends it to the one that takes its reply.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "locks/postgres/session.hpp"

namespace fiberlab::locks::postgres {

class session::exchange {
public:
    enum class purpose : std::uint8_t { execute, prepare, gathered };

    exchange(const statement& sent, arguments with, sending how, purpose what_for)
        : what{sent}, values{std::move(with)}, as{how}, why{what_for} {}

    void complete(reply&& with) {
        done = true;
        outcome.emplace(std::move(with));
        if (waiter* const one = waiters.pop()) {
            seam::wake(*one, status::ok);
        } else if (late) {
            std::exchange(late, nullptr)(*std::exchange(outcome, std::nullopt));
        }
    }

    statement what;
    arguments values;
    sending as;
    purpose why;

    rows result;  // the last one, or the first that failed
    bool done = false;
    std::optional<reply> outcome;  // until it is taken
    std::function<void(reply)> late;
    spinlock lock;
    wait_queue waiters;
};

}  // namespace fiberlab::locks::postgres
