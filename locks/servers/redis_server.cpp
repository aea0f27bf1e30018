#include "locks/servers/redis_server.hpp"

#include <unistd.h>

#include <fstream>
#include <string>

#include "locks/servers/probe.hpp"

namespace fiberlab::servers {

namespace fs = std::filesystem;

namespace {

using namespace std::chrono_literals;

// A file and not the command line: every user of the machine can read that one, and here is a password.
bool write_configuration(const fs::path& file, const lab& here, const server& made) {
    std::ofstream out{file};
    // Relative names are relative to the server's folder, so that no name needs quoting.
    out << "unixsocket redis.sock\n"
           "unixsocketperm 700\n"
           "bind 127.0.0.1\n"
           "port "
        << made.port
        << "\n"
           "save \"\"\n"
           "appendonly no\n"
           "daemonize no\n"
           "maxmemory 256mb\n"
           "maxmemory-policy noeviction\n"
           "loglevel warning\n";
    if (!made.password.empty()) {
        out << "requirepass " << made.password << '\n';
    }
    for (const std::string& option : here.wanted.redis_options) {
        out << option << '\n';
    }
    out.close();
    return out && (!here.run_as.foreign || ::chown(file.c_str(), here.run_as.uid, here.run_as.gid) == 0);
}

}  // namespace

start_result<starting_server> start_redis(lab& here, int index) {
    const auto folder = here.folder.make_inner("redis-" + std::to_string(index));
    if (!folder) {
        return start_failed(folder.error());
    }
    starting_server one{.folder = *folder, .deadline = std::chrono::steady_clock::now() + 10s};
    server& made = one.made;
    made.kind = server_kind::redis;
    made.socket = *folder / "redis.sock";
    made.log = *folder / "redis.log";
    auto reservation = give_tcp(here, made);
    if (!reservation) {
        return std::unexpected{reservation.error()};
    }
    one.reservation = std::move(*reservation);
    // With the user's name: some clients read ":password@" as a user without one.
    const std::string user = made.password.empty() ? "" : "default:" + made.password + "@";
    made.url = "unix://" + user + percent_encode(made.socket.native(), "/");
    if (made.port != 0) {
        made.tcp_url = "redis://" + user + "127.0.0.1:" + std::to_string(made.port);
    }
    const fs::path configuration = *folder / "redis.conf";
    if (!write_configuration(configuration, here, made)) {
        return start_failed("can't write " + configuration.native());
    }
    const auto pid = here.processes.spawn({.arguments = {here.wanted.redis_server, "redis.conf"},
                                           .folder = *folder,
                                           .log = made.log,
                                           .end_signal = SIGKILL});
    if (!pid) {
        return start_failed(pid.error());
    }
    made.pid = *pid;
    return one;
}

bool redis_answers(lab& here, const starting_server& one) {
    const std::string login = one.made.password.empty() ? "" : "AUTH " + one.made.password + "\r\n";
    const auto reply = ask(one.made.socket, login + "PING\r\n", "+PONG\r\n", here.watch, 2s);
    return reply && reply->ends_with("+PONG\r\n");
}

}  // namespace fiberlab::servers
