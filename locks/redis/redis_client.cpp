#include "locks/redis/redis_client.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <mutex>
#include <optional>
#include <utility>

#include "locks/redis/connection.hpp"
#include "locks/redis/wake_flag.hpp"
#include "patterns/core/io.hpp"

namespace fiberlab::locks {

using redis::connection;
using redis::endpoint;

namespace {

// A command whose caller waits. It outlives a caller that gives up, and then belongs to the connection.
class waiting_command final : public redis::reply_receiver {
public:
    void receive(redis_result&& result) noexcept override {
        if (!abandoned_) {
            answer_ = std::move(result);
            answered_.raise();
            return;
        }
        if (late_) {
            late_(std::move(result));
        }
        delete this;
    }

    status wait(const seam::limits& until) { return answered_.wait(until); }
    std::optional<redis_result>& answer() noexcept { return answer_; }
    void abandon(reply_handler late) noexcept {
        late_ = std::move(late);
        abandoned_ = true;
    }

private:
    redis::wake_flag answered_{"redis reply"};
    std::optional<redis_result> answer_;
    reply_handler late_;
    bool abandoned_ = false;
};

// The caller's side of it: leaves the command to the connection when the fiber goes without the answer, also when it is
// unwound at the end of the run.
class caller {
public:
    explicit caller(redis_call& how) : how_{how} {}
    ~caller() {
        if (sent_ && !command_->answer().has_value()) {
            command_.release()->abandon(std::move(how_.late));
        }
    }
    caller(const caller&) = delete;
    caller& operator=(const caller&) = delete;
    caller(caller&&) = delete;
    caller& operator=(caller&&) = delete;

    bool send(connection& over, std::string_view encoded) {
        sent_ = over.send(encoded, *command_);
        return sent_;
    }
    waiting_command& command() noexcept { return *command_; }

private:
    redis_call& how_;
    std::unique_ptr<waiting_command> command_ = std::make_unique<waiting_command>();
    bool sent_ = false;
};

// A command that nobody waits for.
class started_command final : public redis::reply_receiver {
public:
    explicit started_command(reply_handler done) : done_{std::move(done)} {}
    void receive(redis_result&& result) noexcept override {
        done_(std::move(result));
        delete this;
    }

private:
    reply_handler done_;
};

void append_number(std::string& to, char kind, std::size_t value) {
    std::array<char, 24> digits{};
    const auto [end, failed] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    to += kind;
    to.append(digits.data(), end);
    to += "\r\n";
}

std::string in_milliseconds(duration d) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) + " ms";
}

redis_error no_connection(std::string why) {
    return {redis_failure::disconnected, std::move(why), false};
}

redis_error no_connection(status why) {
    return why == status::stopped ? redis_error{redis_failure::stopped, "stopped while connecting", false}
                                  : redis_error{redis_failure::timeout, "no connection in time", false};
}

redis_error no_reply(status why) {
    return why == status::stopped ? redis_error{redis_failure::stopped, "stopped while waiting for the reply", true}
                                  : redis_error{redis_failure::timeout, "no reply in time", true};
}

}  // namespace

std::expected<std::unique_ptr<redis_client>, redis_error> redis_client::connect(redis_url where,
                                                                                const redis_client_settings& settings,
                                                                                const stop_token& stop) {
    std::unique_ptr<redis_client> client{new redis_client{std::move(where), settings}};
    if (auto connected = client->reconnect({.stop = stop}); !connected) {
        return std::unexpected{std::move(connected.error())};
    }
    return client;
}

redis_client::redis_client(redis_url where, const redis_client_settings& settings)
    : where_{std::move(where)}, settings_{settings} {}

redis_client::~redis_client() = default;

redis_result redis_client::command(words command, redis_call& how) {
    if (!connected()) {
        if (auto up = reconnect({.deadline = how.deadline, .stop = how.stop}); !up) {
            return std::unexpected{std::move(up.error())};
        }
    }
    return ask(*connection_, command, how);
}

redis_result redis_client::ask(connection& over, words command, redis_call& how) {
    caller me{how};
    if (!me.send(over, encode(command))) {
        return std::unexpected{no_connection(over.why_closed())};
    }
    ++commands_;
    const time_point patience = after(settings_.response_timeout);
    const status woken = me.command().wait({.deadline = std::min(how.deadline, patience), .stop = how.stop});
    if (me.command().answer().has_value()) {
        return *std::move(me.command().answer());
    }
    redis_error failed = no_reply(woken);
    if (woken == status::timeout && patience < how.deadline) {
        failed.detail = "the server has not answered for " + in_milliseconds(settings_.response_timeout);
    }
    return std::unexpected{std::move(failed)};
}

void redis_client::start(words command, reply_handler done) {
    const std::string_view encoded = encode(command);
    auto* const started = new started_command{std::move(done)};  // deletes itself once it has its result
    if (connected() && connection_->send(encoded, *started)) {
        ++commands_;
        return;
    }
    started->receive(std::unexpected{no_connection("not connected")});
}

bool redis_client::connected() const noexcept {
    return connection_ != nullptr && connection_->now() == connection::phase::open;
}

std::uint64_t redis_client::writes() const noexcept {
    return earlier_writes_ + (connection_ != nullptr ? connection_->writes() : 0);
}

std::string_view redis_client::encode(words command) {
    encoded_.clear();
    append_number(encoded_, '*', command.size());
    for (const std::string_view word : command) {
        append_number(encoded_, '$', word.size());
        encoded_ += word;
        encoded_ += "\r\n";
    }
    return encoded_;
}

// ---- connecting

std::expected<void, redis_error> redis_client::reconnect(const seam::limits& until) {
    if (connected()) {
        return {};
    }
    // One fiber connects, the others wait for it; when it gives up, the next one tries.
    if (const status locked = connecting_.lock_until(until.deadline, until.stop); locked != status::ok) {
        return std::unexpected{no_connection(locked)};
    }
    const std::lock_guard hold{connecting_, std::adopt_lock};
    if (connected()) {
        return {};
    }
    std::string problem;
    const std::vector<endpoint> endpoints = look_up(problem);
    const seam::limits limits{.deadline = std::min(until.deadline, after(settings_.connect_timeout)),
                              .stop = until.stop};
    redis_error last = no_connection(problem);
    for (const endpoint& to : endpoints) {
        auto opened = open(to, limits);
        if (opened) {
            return {};
        }
        last = std::move(opened.error());
        const bool user_gave_up = last.why == redis_failure::stopped || clock::now() >= limits.deadline;
        if (user_gave_up || last.why == redis_failure::server_error) {
            break;
        }
    }
    // Patience of ours that ran out, while the caller's had not, means that nobody is there.
    if (last.why == redis_failure::timeout && clock::now() < until.deadline) {
        last.why = redis_failure::disconnected;
    }
    last.in_doubt = false;  // of the introduction: the caller's own command was not sent
    last.detail = where_.address() + ": " + last.detail;
    return std::unexpected{std::move(last)};
}

std::vector<endpoint> redis_client::look_up(std::string& problem) const {
    if (!where_.socket.empty()) {
        return {{.socket = where_.socket, .ip = {}, .port = 0}};
    }
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    const auto resolve = [&](int flags) {
        wanted.ai_flags = flags;
        addrinfo* found = nullptr;
        const int failed = getaddrinfo(where_.host.c_str(), nullptr, &wanted, &found);
        problem = failed != 0 ? gai_strerror(failed) : "";
        return std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>{failed == 0 ? found : nullptr, &freeaddrinfo};
    };
    // Numbers need no look-up; a name may take seconds, so a helper thread asks for it.
    auto found = resolve(AI_NUMERICHOST);
    if (found == nullptr) {
        found = offload([&] { return resolve(0); });
    }
    std::vector<endpoint> endpoints;
    for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next) {
        std::array<char, NI_MAXHOST> ip{};
        if (getnameinfo(at->ai_addr, at->ai_addrlen, ip.data(), ip.size(), nullptr, 0, NI_NUMERICHOST) == 0) {
            endpoints.push_back({.socket = {}, .ip = ip.data(), .port = where_.port});
        }
    }
    return endpoints;
}

std::expected<void, redis_error> redis_client::open(const endpoint& to, const seam::limits& until) {
    auto fresh = std::make_unique<connection>(to, settings_.response_timeout);
    const status opened = fresh->wait_connected(until);
    if (opened == status::closed) {
        return std::unexpected{no_connection(fresh->why_closed())};
    }
    if (opened != status::ok) {
        return std::unexpected{no_connection(opened)};
    }
    if (auto introduced = introduce(*fresh, until); !introduced) {
        return introduced;
    }
    earlier_writes_ = writes();
    connection_ = std::move(fresh);
    ++connections_;
    return {};
}

std::expected<void, redis_error> redis_client::introduce(connection& fresh, const seam::limits& until) {
    const auto ask_for = [&](words command) -> std::expected<void, redis_error> {
        redis_call how{.deadline = until.deadline, .stop = until.stop, .late = {}};
        auto answered = ask(fresh, command, how);
        return answered ? std::expected<void, redis_error>{} : std::unexpected{std::move(answered.error())};
    };
    std::expected<void, redis_error> done;
    if (!where_.password.empty() && where_.user.empty()) {
        done = ask_for(std::array<std::string_view, 2>{"AUTH", where_.password});
    } else if (!where_.password.empty()) {
        done = ask_for(std::array<std::string_view, 3>{"AUTH", where_.user, where_.password});
    }
    if (done && where_.database != 0) {
        const std::string database = std::to_string(where_.database);
        done = ask_for(std::array<std::string_view, 2>{"SELECT", database});
    }
    // A server that wants a password, is loading or has too many clients says so only when it is asked for something.
    return done ? ask_for(std::array<std::string_view, 1>{"PING"}) : done;
}

}  // namespace fiberlab::locks
