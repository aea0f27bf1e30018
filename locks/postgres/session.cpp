#include "locks/postgres/session.hpp"

#include <libpq-fe.h>
#include <sys/epoll.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "patterns/core/io.hpp"
#include "patterns/core/runtime/scheduler.hpp"

namespace fiberlab::locks::postgres {

class session::exchange {
public:
    exchange(const statement& sent, arguments with, sending sent_how, bool prepares)
        : what{sent}, values{std::move(with)}, how{sent_how}, to_prepare{prepares} {}

    void complete(reply&& with) {
        done = true;
        outcome.emplace(std::move(with));
        if (waiter* const one = waiters.pop()) {
            seam::wake(*one, status::ok);
        } else if (late) {
            std::exchange(late, nullptr)(*std::move(outcome));
        }
    }

    statement what;
    arguments values;
    sending how;
    bool to_prepare;  // it prepares `what` instead of executing it

    rows result;  // the last one, or the first that failed
    bool done = false;
    std::optional<reply> outcome;  // until it is taken
    std::function<void(reply)> late;
    spinlock lock;
    wait_queue waiters;
};

namespace {

const sync_object a_reply{.label = "a reply of Postgres"};

// An idle session that holds locks is what we are for: the server's limits for forgotten ones don't apply. A statement
// waits for a lock as long as its own lock_timeout allows.
constexpr statement set_up{.text =
                               "SELECT set_config(key, '0', false) "
                               "FROM (VALUES ('statement_timeout'), ('idle_session_timeout'), "
                               "('idle_in_transaction_session_timeout'), ('lock_timeout')) AS unlimited(key) "
                               "WHERE current_setting(key, true) IS NOT NULL"};

// Else a process that was killed while it waited for a lock would stay in the queue, get the lock and keep it until
// somebody tried to write to it. Not every server has it, nor every system.
constexpr statement notice_our_end{.text = "SELECT set_config('client_connection_check_interval', '1s', false)"};

}  // namespace

session::session(connection opened)
    : connection_{std::move(opened)}, socket_{PQsocket(connection_.get())}, process_{PQbackendPID(connection_.get())} {
    PQsetNoticeReceiver(
        connection_.get(), [](void* self, const PGresult* notice) { static_cast<session*>(self)->overhear(*notice); },
        this);
}

session::~session() {
    close("closed");
}

std::expected<std::shared_ptr<session>, sql_error> session::open(const std::string& url, time_point deadline,
                                                                 const stop_token& stop) {
    auto opened = open_connection(url, deadline, stop);
    if (!opened) {
        return std::unexpected{std::move(opened.error())};
    }
    std::shared_ptr<session> made{new session{*std::move(opened)}};
    made->watch();
    if (reply done = made->execute(set_up, {}, {.deadline = deadline, .stop = stop}); !done) {
        return std::unexpected{std::move(done.error())};
    }
    // Only now: if it fails, so does all of its batch.
    made->execute(notice_our_end, {}, {.deadline = deadline, .stop = stop});
    return made;
}

std::expected<void, sql_error> session::prepare(std::span<const statement> named, const seam::limits& until) {
    std::vector<pending> under_way;
    for (const statement& each : named) {
        under_way.push_back(std::make_shared<exchange>(each, arguments{}, sending::with_its_batch, true));
        post(under_way.back());
    }
    for (const pending& each : under_way) {
        if (reply done = wait(*each, until); !done) {
            return std::unexpected{std::move(done.error())};
        }
    }
    return {};
}

void session::watch() {
    PQsetnonblocking(connection_.get(), 1);
    PQenterPipelineMode(connection_.get());
    scheduler::current()->io().add(socket_, *this, EPOLLIN | EPOLLRDHUP);
    wants_to_write_ = false;
}

// ------------------------------------------------------------------------------------------------------- fibers' side

session::pending session::send(const statement& what, arguments with, sending how) {
    auto sent = std::make_shared<exchange>(what, std::move(with), how, false);
    post(sent);
    return sent;
}

void session::post(const pending& sent) {
    if (lent_) {
        throw std::logic_error("this session is lent: nobody else can use it until it is given back");
    }
    if (!alive()) {
        sent->complete(std::unexpected{lost_error()});
        return;
    }
    exchange& it = *sent;
    constexpr std::size_t most_arguments = 8;
    std::array<const char*, most_arguments> values{};
    for (std::size_t i = 0; i < it.values.size(); ++i) {
        values.at(i) = it.values[i].c_str();
    }
    const int count = static_cast<int>(it.values.size());
    const char* const* const list = count > 0 ? values.data() : nullptr;
    PGconn* const to = connection_.get();
    int accepted = 0;
    if (it.to_prepare) {
        accepted = PQsendPrepare(to, it.what.name, it.what.text, 0, nullptr);
    } else if (*it.what.name != '\0') {
        accepted = PQsendQueryPrepared(to, it.what.name, count, list, nullptr, nullptr, 0);
    } else {
        accepted = PQsendQueryParams(to, it.what.text, count, nullptr, list, nullptr, nullptr, 0);
    }
    sent_.push_back(sent);
    if (accepted == 0) {
        close(PQerrorMessage(to));
        return;
    }
    unsynced_ = true;
    scheduler::current()->io().mark_dirty(*this);
}

session::reply session::wait(exchange& sent, const seam::limits& until) {
    if (!sent.done) {
        sent.lock.lock();
        waiter me;
        const status woken = seam::wait_on(sent.waiters, sent.lock, me, operation::wait, a_reply, until);
        // The reply may have come after the time-out was decided and before this fiber went on: it counts.
        if (!sent.done) {
            return std::unexpected{sql_error{
                woken == status::stopped ? lock_failure::stopped : lock_failure::timeout, {}, "no reply yet"}};
        }
    }
    return *std::exchange(sent.outcome, std::nullopt);
}

bool session::under_way(const exchange& sent) noexcept {
    return !sent.done;
}

void session::when_late(exchange& sent, std::function<void(reply)> late) {
    if (sent.done) {
        late(*std::exchange(sent.outcome, std::nullopt));
    } else {
        sent.late = std::move(late);
    }
}

session::reply session::execute(const statement& what, arguments with, const seam::limits& until) {
    return wait(*send(what, std::move(with)), until);
}

void session::lend(const std::function<void(pg_conn&)>& use) {
    while (alive() && !idle()) {
        // The end of a batch may be on its way though all its replies are there.
        waiter me;
        lock_.lock();
        [[maybe_unused]] const status woken = seam::wait_on(idle_waiters_, lock_, me, operation::wait, a_reply);
    }
    if (!alive()) {
        return;
    }
    scheduler::current()->io().remove(socket_, *this);
    PQexitPipelineMode(connection_.get());
    PQsetnonblocking(connection_.get(), 0);
    lent_ = true;
    std::exception_ptr thrown;
    try {
        offload([&] { use(*connection_); });
    } catch (...) {
        thrown = std::current_exception();
    }
    lent_ = false;
    watch();
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
        close(PQerrorMessage(connection_.get()));
    }
    if (thrown != nullptr) {
        std::rethrow_exception(thrown);
    }
}

// ----------------------------------------------------------------------------------------------------- reactor's side

void session::on_ready(std::uint32_t epoll_events) noexcept {
    const std::shared_ptr<session> until_we_return = shared_from_this();
    if ((epoll_events & EPOLLOUT) != 0) {
        flush();
    }
    if (!alive()) {
        return;
    }
    // What the server said before it hung up is still to be read: replies count though the session is lost after them.
    const bool open = PQconsumeInput(connection_.get()) != 0;
    read();
    if (!open && alive()) {
        close(last_words_.empty() ? PQerrorMessage(connection_.get()) : last_words_);
    }
}

void session::flush() noexcept {
    if (!alive()) {
        return;
    }
    if (std::exchange(unsynced_, false)) {
        sent_.push_back(nullptr);
        if (PQpipelineSync(connection_.get()) == 0) {
            close(PQerrorMessage(connection_.get()));
            return;
        }
    }
    const int left = PQflush(connection_.get());
    if (left < 0) {
        close(PQerrorMessage(connection_.get()));
        return;
    }
    if ((left > 0) != wants_to_write_) {
        wants_to_write_ = left > 0;
        const std::uint32_t to_write = wants_to_write_ ? std::uint32_t{EPOLLOUT} : 0;
        scheduler::current()->io().modify(socket_, *this, EPOLLIN | EPOLLRDHUP | to_write);
    }
}

void session::read() {
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
        } else if (first->result.empty() || !first->result.failed()) {
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
    if (result.aborted() && sent->how == sending::independent) {
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
    if (scheduler* const run = scheduler::current()) {
        run->io().remove(socket_, *this);
    }
    connection_.reset();
    std::deque<pending> left = std::exchange(sent_, {});
    left.insert(left.end(), aborted_.begin(), aborted_.end());
    aborted_.clear();
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
