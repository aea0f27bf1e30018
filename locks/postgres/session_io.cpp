// What the reactor does with a session: writes out what fibers have sent, and hands them the replies.
#include <libpq-fe.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "locks/postgres/exchange.hpp"
#include "locks/postgres/session.hpp"
#include "patterns/core/runtime/scheduler.hpp"

namespace fiberlab::locks::postgres {

namespace {

// The reactor can't take exceptions; what is thrown here (memory running out) ends this session and no more.
template <class F>
void or_close(session& it, F&& work) noexcept {
    try {
        work();
    } catch (const std::exception& thrown) {
        it.close(thrown.what());
    }
}

}  // namespace

void session::on_ready(std::uint32_t epoll_events) noexcept {
    or_close(*this, [&] {
        const std::shared_ptr<session> until_we_return = shared_from_this();
        if ((epoll_events & EPOLLOUT) != 0) {
            write();
        }
        if (!alive()) {
            return;
        }
        // What the server said before it hung up is still to be read: replies count though the session is lost after.
        const bool open = PQconsumeInput(connection_.get()) != 0;
        read();
        if (!open && alive()) {
            close(last_words_.empty() ? PQerrorMessage(connection_.get()) : last_words_);
        }
    });
}

void session::flush() noexcept {
    or_close(*this, [&] { write(); });
}

void session::write() {
    if (!alive()) {
        return;
    }
    post_gathered();
    if (alive() && std::exchange(unsynced_, false)) {
        sent_.push_back(nullptr);
        if (PQpipelineSync(connection_.get()) == 0) {
            close(PQerrorMessage(connection_.get()));
        }
    }
    const int left = alive() ? PQflush(connection_.get()) : 0;
    if (left < 0) {
        close(PQerrorMessage(connection_.get()));
    }
    if (alive() && (left > 0) != wants_to_write_) {
        wants_to_write_ = left > 0;
        const std::uint32_t to_write = wants_to_write_ ? std::uint32_t{EPOLLOUT} : 0;
        scheduler::current()->io().modify(watched_.get(), *this, EPOLLIN | EPOLLRDHUP | to_write);
    }
}

// One statement for each kind; give-backs go first, so that who waits elsewhere comes before who asks here again.
void session::post_gathered() {
    std::vector<pending> left = std::exchange(gathered_, {});
    std::ranges::stable_sort(left, {}, [](const pending& each) { return each->what.rank; });
    for (auto from = left.begin(); from != left.end() && alive();) {
        const statement what = (*from)->what;
        const auto to = std::find_if(
            from, left.end(), [&](const pending& each) { return std::string_view{each->what.name} != what.name; });
        std::vector<pending> members{from, to};
        std::string list = "{";
        for (const pending& each : members) {
            list += (list.size() > 1 ? "," : "") + each->values.front();
        }
        list += '}';
        auto all = std::make_shared<exchange>(what, arguments{std::move(list)}, sending::independent,
                                              exchange::purpose::execute);
        all->late = [shared = std::move(members)](const reply& rows_of_all) { hand_out(shared, rows_of_all); };
        post(all);
        from = to;
    }
}

void session::hand_out(const std::vector<pending>& members, const reply& rows_of_all) {
    for (std::size_t i = 0; i < members.size(); ++i) {
        members[i]->complete(rows_of_all ? reply{rows_of_all->row(i)} : std::unexpected{rows_of_all.error()});
    }
}

void session::read() {
    // Parses what has come. Nobody may have asked for it: overhear() then gets it.
    [[maybe_unused]] const int busy = PQisBusy(connection_.get());
    while (alive() && !sent_.empty() && PQisBusy(connection_.get()) == 0) {
        PGresult* const next = PQgetResult(connection_.get());
        rows result{next};
        const pending first = sent_.front();
        if (first == nullptr) {
            if (PQresultStatus(next) != PGRES_PIPELINE_SYNC) {
                break;
            }
            sent_.pop_front();
            send_again();
        } else if (next == nullptr) {
            sent_.pop_front();
            finish(first);
        } else if (first->result.missing() || !first->result.failed()) {
            first->result = std::move(result);
        }
    }
    while (idle() && !idle_waiters_.empty()) {
        if (waiter* const one = idle_waiters_.pop()) {
            seam::wake(*one, status::ok);
        }
    }
}

void session::finish(const pending& sent) {
    rows result = std::move(sent->result);
    if (result.aborted() && sent->as == sending::independent) {
        aborted_.push_back(sent);
    } else if (result.failed()) {
        sql_error why = result.error();
        if (sqlstate::ends_session(why.state)) {
            last_words_ = why.as_lock_error().detail;
        }
        sent->complete(std::unexpected{std::move(why)});
    } else {
        sent->complete(std::move(result));
    }
}

void session::send_again() {
    for (const pending& each : std::exchange(aborted_, {})) {
        post(each);
    }
}

// What the server says while nothing is asked of it. Warnings (of an unlock without a lock) have their answer in the
// reply; the end of the session has none, and its reason comes this way.
void session::overhear(const pg_result& notice) {
    const char* const state = PQresultErrorField(&notice, PG_DIAG_SQLSTATE);
    if (state != nullptr && sqlstate::ends_session(state)) {
        const char* const words = PQresultErrorField(&notice, PG_DIAG_MESSAGE_PRIMARY);
        last_words_ = std::string{state} + ": " + one_line(words != nullptr ? words : "");
    }
}

void session::close(std::string_view why) noexcept {
    if (!alive()) {
        return;
    }
    const std::string reason = one_line(why);  // `why` may be the connection's
    unwatch();
    connection_.reset();
    std::deque<pending> left = std::exchange(sent_, {});
    left.insert(left.end(), aborted_.begin(), aborted_.end());
    left.insert(left.end(), gathered_.begin(), gathered_.end());
    aborted_.clear();
    gathered_.clear();
    lost_.request_stop(reason);
    for (const pending& each : left) {
        if (each != nullptr) {
            each->complete(std::unexpected{lost_error()});
        }
    }
    while (waiter* const one = idle_waiters_.pop()) {
        seam::wake(*one, status::ok);
    }
}

sql_error session::lost_error() const {
    return {lock_failure::disconnected, {}, "the session is lost: " + lost_.token().cause()};
}

}  // namespace fiberlab::locks::postgres
