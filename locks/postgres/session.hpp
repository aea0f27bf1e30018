// session: one connection to Postgres, driven by the run's reactor: no fiber that uses it blocks the thread.
//
//   auto opened = session::open(url, after(5s));
//   session& db = **opened;
//   auto reply = db.execute({.text = "SELECT pg_try_advisory_lock($1)"}, {"42"}, {.deadline = after(1s)});
//   if (!reply) { … reply.error().why … }
//
// It is in libpq's pipeline mode: any number of fibers may have statements under way, and what they send between two
// looks of the reactor at the socket leaves as one batch, in one write. A batch is one transaction of the server's:
// when a statement fails, those after it in the batch are not executed. They are sent again by themselves if they were
// sent as `independent`; else they fail with it. A statement that waits in the server (a blocking lock) holds up all
// that were sent after it, so such ones have a session of their own.
//
// A session that is lost stays lost, and its locks with it: statements under way get `disconnected`, lost() fires, and
// nothing ever reconnects it. That is noticed at once, also while nothing is under way.
// It belongs to the run that opened it. The destructor closes it without waiting.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "locks/postgres/connection.hpp"
#include "locks/postgres/rows.hpp"
#include "locks/postgres/sql_error.hpp"
#include "patterns/core/byte_stream.hpp"
#include "patterns/core/runtime/reactor.hpp"
#include "patterns/core/runtime/wait.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab::locks::postgres {

struct statement {
    const char* name = "";  // of one that was prepared; else empty
    const char* text = "";
    int rank = 0;  // of those that are gathered in one turn, the lowest go first
};

class session final : public io_source, public std::enable_shared_from_this<session> {
public:
    using reply = std::expected<rows, sql_error>;
    using arguments = std::vector<std::string>;

    // Blocks.
    static std::expected<std::shared_ptr<session>, sql_error> open(const std::string& url, time_point deadline,
                                                                   const stop_token& stop = {});
    ~session() override;

    // Blocks until the statements, which have names, can be executed by them.
    std::expected<void, sql_error> prepare(std::span<const statement> named, const seam::limits& until = {});

    // Sends, and blocks until the reply is there. timeout, stopped: the statement is still under way, outcome unknown.
    reply execute(const statement& what, arguments with, const seam::limits& until = {});

    // The two halves of it, for one who has more to send, or wants to know what became of a statement that was given
    // up.
    enum class sending : std::uint8_t { with_its_batch, independent };
    class exchange;
    using pending = std::shared_ptr<exchange>;
    pending send(const statement& what, arguments with, sending how = sending::with_its_batch);
    // Joins `element` with what other fibers have for the same statement until the reactor's next look: one statement
    // for all, whose only argument is the array of them, in no promised order, and whose n-th row is the n-th one's
    // reply. When it fails, all of them get the error. `what` has a name.
    pending gather(const statement& what, std::string element);
    static reply wait(exchange& sent, const seam::limits& until = {});
    static bool under_way(const exchange& sent) noexcept;  // no reply yet
    // After wait() gave up: `late` gets the reply when it comes, between two fibers. It must not block; it may send.
    static void when_late(exchange& sent, std::function<void(reply)> late);

    // Lends libpq's connection to `use`, for calls that have no non-blocking form: on a helper thread, out of pipeline
    // mode. Nothing else may be under way (std::logic_error). Exceptions of `use` come back.
    void lend(const std::function<void(pg_conn&)>& use);

    bool alive() const noexcept { return connection_ != nullptr; }
    bool idle() const noexcept { return sent_.empty() && gathered_.empty(); }
    stop_token lost() const noexcept { return lost_.token(); }  // its cause says why
    int process() const noexcept { return process_; }           // of the server: what pg_cancel_backend takes

    void close(std::string_view why) noexcept;  // as if it had been lost

private:
    explicit session(connection opened);
    void on_ready(std::uint32_t epoll_events) noexcept override;
    void flush() noexcept override;

    void watch();
    void unwatch() noexcept;
    void post(const pending& sent);
    void write();
    void post_gathered();
    static void hand_out(const std::vector<pending>& members, const reply& rows_of_all);
    void refuse_while_lent() const;
    void read();
    void finish(const pending& sent);
    void send_again();
    void overhear(const pg_result& notice);
    sql_error lost_error() const;

    connection connection_;
    descriptor watched_;
    int process_ = 0;
    bool wants_to_write_ = false;
    bool unsynced_ = false;
    bool lent_ = false;
    std::deque<pending> sent_;      // in the server's order; a null one is the end of a batch
    std::vector<pending> aborted_;  // to be sent again
    std::vector<pending> gathered_;
    std::string last_words_;  // of the server, before it ended the session
    spinlock lock_;
    wait_queue idle_waiters_;
    stop_source lost_{"session"};
};

}  // namespace fiberlab::locks::postgres
