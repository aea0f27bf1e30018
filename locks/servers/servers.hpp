// private_servers: Redis and Postgres servers of our own, that live no longer than this program.
//
//   auto started = private_servers::start({.redis = 1, .postgres = 1});
//   if (!started) return fail(started.error().message);       // missing_binary: the caller exits 3
//   connect(started->redis().url);                            // unix:///dev/shm/fiberlab-…/redis-0/redis.sock
//   connect(started->postgres().url);                         // postgresql:///postgres?host=/dev/shm/…&user=lab
//   started->stop();                                          // or leave it to the destructor
//
// A guardian process (guardian.hpp) owns the servers and their folder. It ends both when the handle goes or when this
// program dies, however it dies: nothing is left a second later, at whatever moment that happens. What stays is the
// Postgres template in the user's cache folder (template.hpp).
//
// start() and stop() block (tens of milliseconds; the very first Postgres start about half a second): call them from a
// helper thread, never from a fiber. Both are safe in a program of many threads; a handle itself belongs to one thread
// at a time. main() has to call run_hidden_role() (guardian.hpp) first.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "locks/servers/unique_fd.hpp"

namespace fiberlab::servers {

enum class server_kind : std::uint8_t { redis, postgres };

struct settings {
    int redis = 0;     // how many of each
    int postgres = 0;  // at least one server in all, at most max_servers of a kind
    bool tcp = false;  // listen on a free port of 127.0.0.1 too; then a password guards it, and the URLs carry it
    std::vector<std::string> redis_options{};     // lines of redis.conf: "maxmemory 16mb"
    std::vector<std::string> postgres_options{};  // parameters: "deadlock_timeout=100ms"
    std::filesystem::path folder{};               // where to make the lab folder; empty: see lab_folder.hpp

    static constexpr int max_servers = 16;
};

// An address of each kind, in the form that the usual clients read.
struct server {
    server_kind kind = server_kind::redis;
    pid_t pid = -1;
    std::string url{};      // over the unix socket: as redis-py and go-redis, or libpq, read it
    std::string tcp_url{};  // redis://…, postgresql://…; empty without settings::tcp
    std::filesystem::path socket{};
    std::uint16_t port = 0;       // of 127.0.0.1; 0 without settings::tcp
    std::string password{};       // empty without settings::tcp; Postgres asks for it over TCP alone
    std::filesystem::path log{};  // gone with the server's folder
};

enum class start_failure : std::uint8_t {
    missing_binary,  // the message names the Debian package and the --url way out
    failed,          // the message says what, with the end of the server's log
    cancelled,       // by the stop token
};

struct start_error {
    start_failure kind = start_failure::failed;
    std::string message{};
};

struct server_report {
    enum class event_kind : std::uint8_t {
        server_ended,    // on its own: nobody asked for it
        guardian_ended,  // was killed: all servers end with it; the last report
    };
    event_kind event = event_kind::server_ended;
    std::size_t server = 0;  // index into servers()
    std::string how{};       // "ended by signal 9 (Killed)"
};

class private_servers {
public:
    // Throws std::invalid_argument for settings that ask for no server or too many. On failure nothing is left running.
    static std::expected<private_servers, start_error> start(const settings& wanted,
                                                             const std::stop_token& cancel = {});

    private_servers(private_servers&& other) noexcept;
    private_servers& operator=(private_servers&& other) noexcept;
    ~private_servers();

    // All of them, the Redis ones first; the addresses stay the same until stop().
    const std::vector<server>& servers() const noexcept { return servers_; }
    const server& redis(std::size_t index = 0) const;     // throws std::out_of_range
    const server& postgres(std::size_t index = 0) const;  // throws std::out_of_range

    const std::filesystem::path& folder() const noexcept { return folder_; }
    pid_t guardian() const noexcept { return guardian_; }

    // Readable when a report may be waiting; then call next_report() until it gives none. -1 after stop(). Stop
    // watching after guardian_ended, since the end of a file stays readable.
    int status_fd() const noexcept { return channel_.get(); }
    std::optional<server_report> next_report();  // never blocks

    // Ends the servers and removes the folder; returns when both are done. A second call does nothing, nor does one in
    // a forked copy of the program that called start().
    void stop() noexcept;

private:
    private_servers(unique_fd channel, pid_t guardian);
    const server& nth(server_kind kind, std::size_t index) const;

    unique_fd channel_;
    pid_t guardian_ = -1;
    pid_t owner_ = -1;
    bool guardian_ended_ = false;
    std::vector<server> servers_;
    std::filesystem::path folder_;
};

}  // namespace fiberlab::servers
