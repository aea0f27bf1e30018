#include "locks/postgres/blocking_wait.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "locks/postgres/patience.hpp"

namespace fiberlab::locks::postgres {

namespace {

// The server times out by itself, and says so: only one that doesn't is cancelled for its lateness.
constexpr duration servers_lateness = std::chrono::milliseconds{100};

constexpr statement cancel{.text = "SELECT pg_cancel_backend($1::int)"};

time_point not_before_the_server(time_point deadline) {
    return deadline >= never - servers_lateness ? never : at_least_a_reply(deadline + servers_lateness);
}

sql_error in_our_words(const sql_error& said) {
    return said.state == sqlstate::lock_not_available ? gave_up(status::timeout) : said;
}

}  // namespace

std::string lock_timeout(time_point deadline) {
    if (deadline == never) {
        return "0";
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    return std::to_string(std::clamp<std::int64_t>(left, 1, most));
}

wait_outcome wait_or_cancel(session_pool& pool, session& on, const session::pending& sent, const seam::limits& until) {
    session::reply first =
        session::wait(*sent, {.deadline = not_before_the_server(until.deadline), .stop = until.stop});
    if (first) {
        return {.reply = std::move(first), .settled = true};
    }
    sql_error why = in_our_words(first.error());
    if (!session::under_way(*sent)) {
        return {.reply = std::unexpected{std::move(why)}, .settled = on.alive()};
    }
    const seam::limits soon{.deadline = after(a_reply)};
    if (const auto control = pool.shared(soon)) {
        [[maybe_unused]] const session::reply cancelled =
            (*control)->execute(cancel, {std::to_string(on.process())}, soon);
        [[maybe_unused]] const session::reply last = session::wait(*sent, soon);
    }
    return {.reply = std::unexpected{std::move(why)}, .settled = on.alive() && !session::under_way(*sent)};
}

}  // namespace fiberlab::locks::postgres
