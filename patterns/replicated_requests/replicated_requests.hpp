// replicate: asks several replicas the same and takes the first success.
//
//   const reply<page> got = replicate<page>({.replicas = 3}, stop,
//       [&](std::size_t replica, const stop_token& cancelled) -> answer<page> {
//           return fetch(mirrors[replica], cancelled);
//       });
//   if (got.value) { show(*got.value); } else { complain(got.why()); }
//
// An error doesn't win: it is often the fastest answer there is, of a server that refuses. When all have failed, all
// their errors are told. The losers are cancelled and *waited for*: nothing that was asked on behalf of this call goes
// on when it has returned, and each copy's time is the time it really took, the losers' until they had let go.
// So a request must heed its token. Blocks until the first success, or until all have failed, and then for the losers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "patterns/core/channel.hpp"
#include "patterns/core/task_group.hpp"

namespace fiberlab {

template <class T>
using answer = std::expected<T, error>;

enum class copy_end : std::uint8_t {
    not_sent,
    won,
    failed,
    cancelled,  // another one had won, or the whole request was stopped
    late,       // it succeeded, too, after another one had won
};

struct copy_report {
    copy_end how = copy_end::not_sent;
    duration sent_after{};  // since the first one was
    duration took{};
    std::string error{};
};

template <class T>
struct reply {
    std::optional<T> value{};
    std::size_t winner = 0;  // when there is a value
    duration latency{};      // until the first success, or the last failure
    std::vector<copy_report> copies{};
    bool stopped = false;

    std::size_t sent() const noexcept {
        std::size_t n = 0;
        for (const copy_report& each : copies) {
            n += each.how == copy_end::not_sent ? 0 : 1;
        }
        return n;
    }
    std::string why() const {  // every failure
        std::string all;
        for (std::size_t i = 0; i < copies.size(); ++i) {
            if (copies[i].how == copy_end::failed) {
                all += (all.empty() ? "replica " : "; replica ") + std::to_string(i) + ": " + copies[i].error;
            }
        }
        return all;
    }
};

struct replication {
    std::size_t replicas = 2;
    // Nothing: all are asked at once. Otherwise one, and a backup each time that long passes without an answer, or when
    // all that were asked have failed.
    std::optional<duration> backup_after{};
    std::function<bool()> may_back_up{};  // whether the next backup may be sent; empty: yes
};

// An exception that leaves a request is its error.
template <class T, class Ask>
answer<T> asked(Ask& ask, std::size_t replica, const stop_token& cancelled) {
    try {
        return ask(replica, cancelled);
    } catch (const std::exception& thrown) {
        return failure(thrown.what());
    }
}

template <class T>
struct arrival {
    std::size_t replica;
    answer<T> got;
};

// `on_win` sees the value at once, before the losers have been waited for.
template <class T, class Ask>
reply<T> replicate(const replication& how, const stop_token& stop, Ask&& ask,
                   const std::function<void(std::size_t replica, T& value)>& on_win = {}) {
    const time_point begin = clock::now();
    reply<T> made;
    made.copies.resize(how.replicas);
    channel<arrival<T>> answers{"answers", how.replicas};  // a place for each: no copy waits to deliver
    task_group copies{stop, "copies"};
    std::size_t sent = 0;
    std::size_t open = 0;
    const auto send_next = [&] {
        const std::size_t i = sent++;
        ++open;
        made.copies[i].sent_after = clock::now() - begin;
        copies.go({"replica", static_cast<std::int32_t>(i)}, [&, i](const stop_token& cancelled) {
            const time_point start = clock::now();
            answer<T> got = asked<T>(ask, i, cancelled);
            made.copies[i].took = clock::now() - start;
            [[maybe_unused]] const status delivered = answers.push({i, std::move(got)});
        });
    };
    const auto back_up = [&] {
        const bool may = sent < how.replicas && (!how.may_back_up || how.may_back_up());
        if (may) {
            send_next();
        }
        return may;
    };
    const auto conclude = [&](arrival<T>& one) {
        copy_report& copy = made.copies[one.replica];
        if (one.got) {
            copy.how = made.value ? copy_end::late : copy_end::won;
        } else {
            copy.how = made.value || stop.stop_requested() ? copy_end::cancelled : copy_end::failed;
            copy.error = one.got.error().message;
        }
    };

    do {
        send_next();
    } while (!how.backup_after && sent < how.replicas);
    bool backing_up = how.backup_after.has_value();
    while (open > 0 && !made.value) {
        const bool waits_for_backup = backing_up && sent < how.replicas;
        auto first = answers.pop_until(waits_for_backup ? after(*how.backup_after) : never, stop);
        if (first) {
            --open;
            conclude(*first);
            if (first->got) {
                made.value.emplace(*std::move(first->got));
                made.winner = first->replica;
            } else if (open == 0) {
                back_up();
            }
        } else if (first.error() == status::timeout) {
            backing_up = back_up();
        } else {
            made.stopped = true;
            break;
        }
    }
    made.latency = clock::now() - begin;
    copies.stop().request_stop("another replica was first");
    if (made.value && on_win) {
        on_win(made.winner, *made.value);
    }
    [[maybe_unused]] const outcome all_ended = copies.wait();
    while (auto loser = answers.try_pop()) {
        conclude(*loser);
    }
    return made;
}

}  // namespace fiberlab
