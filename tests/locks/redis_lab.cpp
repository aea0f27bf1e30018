#include "tests/locks/redis_lab.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "locks/servers/binaries.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab::test {

namespace fs = std::filesystem;

bool have_redis(std::string_view for_what) {
    const auto found = servers::find_redis_server();
    if (!found) {
        std::puts(("cannot run: " + std::string{for_what} + ": " + found.error().message).c_str());
    }
    return found.has_value();
}

namespace {

servers::private_servers start(const fs::path& folder, servers::settings wanted) {
    wanted.folder = folder;
    auto started = servers::private_servers::start(wanted);
    if (!started) {
        throw std::runtime_error(started.error().message);
    }
    return *std::move(started);
}

}  // namespace

redis_lab::redis_lab(const servers::settings& wanted)
    : servers_{start(folder_.path(), wanted)}, address_{folder_.path() / "redis.sock"} {
    fs::create_symlink(server().socket, address_);
}

void redis_lab::kill() const {
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, server().pid, 0));
    ::kill(server().pid, SIGKILL);
    pollfd dead{.fd = process, .events = POLLIN, .revents = 0};
    constexpr int limit_ms = 5000;
    const bool ended = ::poll(&dead, 1, limit_ms) == 1;
    ::close(process);
    CHECK(ended);
}

void redis_lab::replace_by(std::size_t server) {
    current_ = server;
    fs::remove(address_);
    fs::create_symlink(servers_.redis(server).socket, address_);
}

void in_real_time(std::move_only_function<void()> body) {
    const run_outcome done = run({.mode = run_mode::real, .interruptible = false}, std::move(body));
    CHECK_MESSAGE(done.how == run_outcome::kind::completed, done.message);
    if (done.error != nullptr) {
        std::rethrow_exception(done.error);
    }
}

std::unique_ptr<locks::redis_client> client_of(const std::string& url, const locks::redis_client_settings& with) {
    auto made = locks::redis_client::connect(locks::parse_redis_url(url).value(), with);
    if (!made) {
        throw std::runtime_error(made.error().detail);
    }
    return *std::move(made);
}

std::unique_ptr<locks::redis_locks> locks_of(const std::string& url, const locks::redis_settings& with) {
    auto made = locks::redis_locks::make(client_of(url, with.client), with);
    if (!made) {
        throw std::runtime_error(made.error().detail);
    }
    return *std::move(made);
}

std::string words_of(const locks::redis_result& result) {
    if (!result) {
        return std::string{to_string(result.error().why)} + ": " + result.error().detail;
    }
    return result->is == locks::redis_reply::kind::integer ? std::to_string(result->number) : result->text;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) {
        all += (all.empty() ? "" : ", ") + text;
    }
    return all;
}

namespace {

bool answer_comes(locks::redis_client& client, std::initializer_list<std::string_view> question,
                  const std::function<bool(const std::string&)>& is_wanted) {
    const time_point limit = after(std::chrono::seconds{5});
    while (clock::now() < limit) {
        if (is_wanted(words_of(client.command(question)))) {
            return true;
        }
    }
    return false;
}

}  // namespace

bool comes_to(locks::redis_client& client, std::initializer_list<std::string_view> question, std::string_view wanted) {
    return answer_comes(client, question, [&](const std::string& answer) { return answer == wanted; });
}

void hold_back_writes(locks::redis_client& admin) {
    CHECK(words_of(admin.command({"CLIENT", "PAUSE", "10000", "WRITE"})) == "OK");
}

bool cut_who_is_held_back(locks::redis_client& admin) {
    const bool held_back = answer_comes(admin, {"INFO", "clients"},
                                        [](const std::string& answer) { return answer.contains("blocked_clients:1"); });
    CHECK(words_of(admin.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"})) == "1");
    CHECK(words_of(admin.command({"CLIENT", "UNPAUSE"})) == "OK");
    return held_back;
}

}  // namespace fiberlab::test
