#include "locks/postgres/session.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <sys/epoll.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "locks/postgres/exchange.hpp"
#include "patterns/core/io.hpp"
#include "patterns/core/runtime/scheduler.hpp"

namespace fiberlab::locks::postgres {

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

session::session(connection opened) : connection_{std::move(opened)}, process_{PQbackendPID(connection_.get())} {
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
    if (reply done = made->execute(notice_our_end, {}, {.deadline = deadline, .stop = stop}); !made->alive()) {
        return std::unexpected{std::move(done.error())};
    }
    return made;
}

std::expected<void, sql_error> session::prepare(std::span<const statement> named, const seam::limits& until) {
    std::vector<pending> under_way;
    for (const statement& each : named) {
        under_way.push_back(
            std::make_shared<exchange>(each, arguments{}, sending::with_its_batch, exchange::purpose::prepare));
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
    // A descriptor of our own: libpq closes its own as soon as it finds the connection broken, and the number may
    // belong to somebody else by the time that we stop watching it.
    watched_ = descriptor{fcntl(PQsocket(connection_.get()), F_DUPFD_CLOEXEC, 0)};
    scheduler::current()->io().add(watched_.get(), *this, EPOLLIN | EPOLLRDHUP);
    wants_to_write_ = false;
}

void session::unwatch() noexcept {
    if (scheduler* const run = scheduler::current(); run != nullptr && watched_.valid()) {
        run->io().remove(watched_.get(), *this);
    }
    watched_.reset();
}

// ------------------------------------------------------------------------------------------------------- fibers' side

session::pending session::send(const statement& what, arguments with, sending how) {
    auto sent = std::make_shared<exchange>(what, std::move(with), how, exchange::purpose::execute);
    post(sent);
    return sent;
}

void session::refuse_while_lent() const {
    if (lent_) {
        throw std::logic_error("this session is lent: nobody else can use it until it is given back");
    }
}

void session::post(const pending& sent) {
    refuse_while_lent();
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
    if (it.why == exchange::purpose::prepare) {
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

session::pending session::gather(const statement& what, std::string element) {
    auto sent = std::make_shared<exchange>(what, arguments{std::move(element)}, sending::independent,
                                           exchange::purpose::gathered);
    refuse_while_lent();
    if (!alive()) {
        sent->complete(std::unexpected{lost_error()});
        return sent;
    }
    gathered_.push_back(sent);
    scheduler::current()->io().mark_dirty(*this);
    return sent;
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
    unwatch();
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
    if (PQstatus(connection_.get()) == CONNECTION_OK) {
        watch();
    } else {
        close(PQerrorMessage(connection_.get()));
    }
    if (thrown != nullptr) {
        std::rethrow_exception(thrown);
    }
}

}  // namespace fiberlab::locks::postgres
