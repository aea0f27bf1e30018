// redis_lab: a private Redis server for one test, which can be frozen, killed and replaced, and what tests ask of it.
#pragma once

#include <doctest/doctest.h>

#include <csignal>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "locks/redis/redis_client.hpp"
#include "locks/redis/redis_locks.hpp"
#include "locks/servers/servers.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fiberlab::test {

// Says which test can't run here instead of passing it over.
bool have_redis(std::string_view for_what);

class redis_lab {
public:
    explicit redis_lab(const servers::settings& wanted = {.redis = 1});

    // A path of our own that leads to the server's socket, so that another server can take its place.
    std::string url() const { return "unix://" + address_.native(); }
    const servers::server& server() const { return servers_.redis(current_); }

    void freeze() const { ::kill(server().pid, SIGSTOP); }
    void thaw() const { ::kill(server().pid, SIGCONT); }
    void kill() const;                    // returns when it is dead, with all its connections
    void replace_by(std::size_t server);  // the address now leads there

private:
    temporary_folder folder_;
    servers::private_servers servers_;
    std::filesystem::path address_;
    std::size_t current_ = 0;
};

// Runs `body` in real time, and has the test fail when the run doesn't complete.
void in_real_time(std::move_only_function<void()> body);

std::unique_ptr<locks::redis_client> client_of(const std::string& url, const locks::redis_client_settings& with = {});
std::unique_ptr<locks::redis_locks> locks_of(const std::string& url, const locks::redis_settings& with = {});

// The text or number of a reply; an error's kind and words where there is no reply.
std::string words_of(const locks::redis_result& result);

std::string joined(const std::vector<std::string>& texts);  // "one, two"

// Asks until the server's answer is `wanted`, for at most five seconds.
bool comes_to(locks::redis_client& client, std::initializer_list<std::string_view> question, std::string_view wanted);

// Has the server leave what writes undone, for ten seconds.
void hold_back_writes(locks::redis_client& admin);
// Waits until it does so with a command of another connection; then cuts that connection and lets the others write.
bool cut_who_is_held_back(locks::redis_client& admin);

inline constexpr std::string_view lock_key = "fiberlab:lock:k";  // of the lock "k"

}  // namespace fiberlab::test
