#include "locks/redis/connection.hpp"

#include <fcntl.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <exception>
#include <new>
#include <stdexcept>
#include <utility>

#include "patterns/core/runtime/scheduler.hpp"

namespace fiberlab::locks::redis {

namespace {

// The library writes with write(2), which raises SIGPIPE when the server has gone. This keeps the signal from the
// program without touching its disposition of it.
class no_sigpipe {
public:
    no_sigpipe() noexcept {
        sigemptyset(&sigpipe_);
        sigaddset(&sigpipe_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
    }
    ~no_sigpipe() {
        if (sigismember(&before_, SIGPIPE) == 1) {
            return;
        }
        if (broken_) {
            constexpr timespec at_once{};
            sigtimedwait(&sigpipe_, nullptr, &at_once);
        }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    no_sigpipe(const no_sigpipe&) = delete;
    no_sigpipe& operator=(const no_sigpipe&) = delete;
    no_sigpipe(no_sigpipe&&) = delete;
    no_sigpipe& operator=(no_sigpipe&&) = delete;

    void write_failed() noexcept { broken_ = true; }

private:
    sigset_t sigpipe_{};
    sigset_t before_{};
    bool broken_ = false;
};

redis_reply plain(const redisReply& from) {
    redis_reply made;
    switch (from.type) {
        case REDIS_REPLY_NIL:
            made.is = redis_reply::kind::nil;
            return made;
        case REDIS_REPLY_INTEGER:
            made.is = redis_reply::kind::integer;
            made.number = from.integer;
            return made;
        case REDIS_REPLY_ARRAY:
            made.is = redis_reply::kind::array;
            made.elements.reserve(from.elements);
            for (std::size_t i = 0; i < from.elements; ++i) {
                made.elements.push_back(plain(*from.element[i]));
            }
            return made;
        default:
            made.is = from.type == REDIS_REPLY_ERROR ? redis_reply::kind::error : redis_reply::kind::text;
            if (from.str != nullptr) {
                made.text.assign(from.str, from.len);
            }
            return made;
    }
}

redis_result result_of(const redisReply& from) {
    redis_reply made = plain(from);
    if (made.is == redis_reply::kind::error) {
        return std::unexpected{redis_error{redis_failure::server_error, std::move(made.text), false}};
    }
    return made;
}

reactor& this_reactor() {
    if (scheduler* const run = scheduler::current()) {
        return run->io();
    }
    throw std::logic_error("a connection to Redis needs a run: call it from a function given to fiberlab::run()");
}

void prepare_tcp(int descriptor, duration silence) {
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    const auto milliseconds =
        static_cast<unsigned>(std::chrono::duration_cast<std::chrono::milliseconds>(silence).count());
    setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

}  // namespace

// The library's calls into a connection. All of them happen inside our own calls to it: between two fibers, or in the
// destructor.
struct connection::hooks {
    static connection& of(void* self) { return *static_cast<connection*>(self); }

    static void ignore(void* /*self*/) {}

    static void want_write(void* self) {
        connection& c = of(self);
        if (c.phase_ == phase::connecting || c.writing_) {
            c.watch(EPOLLIN | EPOLLOUT);  // the socket has no room yet
        } else if ((c.watched_ & EPOLLOUT) == 0) {
            this_reactor().mark_dirty(c);
        }
    }

    static void all_written(void* self) { of(self).watch(EPOLLIN); }

    static void clean_up(void* self) { of(self).unwatch(); }

    static void connected(const redisAsyncContext* context, int outcome) {
        connection& c = of(context->data);
        if (outcome != REDIS_OK) {
            c.context_ = nullptr;  // the library frees it
            c.close(context->c.errstr);
            return;
        }
        c.phase_ = phase::open;
        c.connected_.raise();
    }

    static void disconnected(const redisAsyncContext* context, int /*outcome*/) {
        connection& c = of(context->data);
        c.context_ = nullptr;
        c.close(context->c.errstr);
    }

    static void replied(redisAsyncContext* context, void* reply, void* receiver) {
        auto& waiting = *static_cast<reply_receiver*>(receiver);
        if (reply != nullptr) {
            waiting.receive(result_of(*static_cast<const redisReply*>(reply)));
            return;
        }
        connection& c = of(context->data);
        c.close(context->c.errstr);
        waiting.receive(std::unexpected{redis_error{redis_failure::disconnected, c.why_closed_, true}});
    }
};

connection::connection(const endpoint& to, duration silence) {
    [[maybe_unused]] const reactor& io = this_reactor();  // throws where there is none, while it still may
    context_ = to.socket.empty() ? redisAsyncConnect(to.ip.c_str(), to.port) : redisAsyncConnectUnix(to.socket.c_str());
    if (context_ == nullptr) {
        throw std::bad_alloc{};
    }
    if (context_->err != 0) {
        const std::string why = context_->errstr;
        redisAsyncFree(std::exchange(context_, nullptr));
        close(why);
        return;
    }
    descriptor_ = context_->c.fd;
    fcntl(descriptor_, F_SETFD, FD_CLOEXEC);
    if (to.socket.empty()) {
        prepare_tcp(descriptor_, silence);
    }
    context_->data = this;
    context_->ev = {.data = this,
                    .addRead = &hooks::ignore,
                    .delRead = &hooks::ignore,
                    .addWrite = &hooks::want_write,
                    .delWrite = &hooks::all_written,
                    .cleanup = &hooks::clean_up};
    redisAsyncSetDisconnectCallback(context_, &hooks::disconnected);
    redisAsyncSetConnectCallback(context_, &hooks::connected);  // asks to write, and so watches the socket
}

connection::~connection() {
    if (phase_ == phase::open) {
        write();
    }
    if (context_ != nullptr) {
        close("closed by this side");
        redisAsyncFree(context_);
    }
}

status connection::wait_connected(const seam::limits& until) {
    while (phase_ == phase::connecting) {
        if (const status woken = connected_.wait(until); woken != status::ok) {
            return woken;
        }
    }
    return phase_ == phase::open ? status::ok : status::closed;
}

bool connection::send(std::string_view encoded, reply_receiver& receiver) {
    return phase_ == phase::open &&
           redisAsyncFormattedCommand(context_, &hooks::replied, &receiver, encoded.data(), encoded.size()) == REDIS_OK;
}

void connection::on_ready(std::uint32_t epoll_events) noexcept {
    if (phase_ == phase::connecting) {
        // Not before: the library takes a TCP connect that is still under way for a connection. The first event says
        // that the socket can be written to, or has failed.
        write();
        return;
    }
    if (context_ != nullptr && (epoll_events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
        redisAsyncHandleRead(context_);
    }
    if (context_ != nullptr && (epoll_events & EPOLLOUT) != 0) {
        write();
    }
}

void connection::write() noexcept {
    if (context_ == nullptr) {
        return;
    }
    ++writes_;
    writing_ = true;
    no_sigpipe guard;
    redisAsyncHandleWrite(context_);  // ends the context when it fails
    if (context_ == nullptr) {
        guard.write_failed();
    }
    writing_ = false;
}

void connection::watch(std::uint32_t epoll_events) noexcept {
    if (descriptor_ < 0 || watched_ == epoll_events) {
        return;
    }
    try {
        if (watched_ == 0) {
            this_reactor().add(descriptor_, *this, epoll_events);
        } else {
            this_reactor().modify(descriptor_, *this, epoll_events);
        }
        watched_ = epoll_events;
    } catch (const std::exception& failed) {
        close(failed.what());  // the library, through which this was called, knows no exceptions
    }
}

void connection::unwatch() noexcept {
    if (watched_ != 0 && scheduler::current() != nullptr) {
        scheduler::current()->io().remove(descriptor_, *this);
    }
    watched_ = 0;
    descriptor_ = -1;
}

void connection::close(std::string_view why) noexcept {
    if (phase_ == phase::closed) {
        return;
    }
    phase_ = phase::closed;
    why_closed_ = why.empty() ? "the connection was cut" : why;
    connected_.raise();
}

}  // namespace fiberlab::locks::redis
