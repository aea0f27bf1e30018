#include "locks/servers/postgres_server.hpp"

#include <arpa/inet.h>

#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include "locks/servers/probe.hpp"

namespace fiberlab::servers {

namespace fs = std::filesystem;

namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t default_port = 5432;  // of the socket's name, when there is no real one

std::vector<std::string> arguments(const lab& here, const starting_server& one, std::uint16_t port) {
    std::vector<std::string> made{here.wanted.postgres_bin / "postgres", "-D", one.folder / "data", "-F"};
    const auto set = [&](const std::string& parameter) {
        made.emplace_back("-c");
        made.push_back(parameter);
    };
    set("port=" + std::to_string(port));
    set(one.made.port != 0 ? "listen_addresses=127.0.0.1" : "listen_addresses=");
    set("unix_socket_directories=" + one.folder.native());
    set("max_connections=100");
    set("superuser_reserved_connections=2");
    set("shared_buffers=8MB");
    set("synchronous_commit=off");
    set("full_page_writes=off");
    set("wal_level=minimal");
    set("max_wal_senders=0");
    set("max_wal_size=64MB");  // of memory, as a rule
    set("autovacuum=off");
    set("jit=off");
    set("huge_pages=off");
    set("dynamic_shared_memory_type=mmap");  // in the cluster's folder, gone with it
    set("max_parallel_workers=0");
    set("max_logical_replication_workers=0");
    set("log_min_messages=warning");
    for (const std::string& option : here.wanted.postgres_options) {
        set(option);
    }
    return made;
}

// The eighth line of postmaster.pid is the server's own word on its state; asking it by a connection before would only
// start a back end that refuses.
bool says_ready(const fs::path& data) {
    std::ifstream file{data / "postmaster.pid"};
    std::string line;
    for (int number = 1; number <= 8; ++number) {
        if (!std::getline(file, line)) {
            return false;
        }
    }
    return line.starts_with("ready");
}

std::string with_length(std::string_view body) {
    const std::uint32_t size = htonl(static_cast<std::uint32_t>(body.size() + sizeof size));
    std::string made(sizeof size, '\0');
    std::memcpy(made.data(), &size, sizeof size);
    return made.append(body);
}

// Start-up (protocol 3.0), perhaps one statement, good-bye.
std::string conversation(const std::string& statement) {
    constexpr char start_up[] = "\0\3\0\0user\0lab\0database\0postgres\0";  // and the literal's own zero ends the list
    std::string made = with_length({start_up, sizeof start_up});
    if (!statement.empty()) {
        made += 'Q' + with_length({statement.c_str(), statement.size() + 1});
    }
    return made + 'X' + with_length({});
}

// Messages are a type, a length and a body: none may be an error, and "ready for query" ends each answer.
bool is_welcome(std::string_view reply) {
    bool ready = false;
    while (reply.size() > sizeof(std::uint32_t)) {
        std::uint32_t size = 0;
        std::memcpy(&size, reply.data() + 1, sizeof size);
        size = ntohl(size);
        if (reply.front() == 'E' || size >= reply.size()) {
            return false;
        }
        ready = reply.front() == 'Z';
        reply.remove_prefix(size + 1);
    }
    return ready && reply.empty();
}

}  // namespace

start_result<starting_server> start_postgres(lab& here, postgres_template& clusters, int index) {
    if (!here.run_as.named) {
        return start_failed("Postgres needs a user with a name, and user " + std::to_string(here.run_as.uid) +
                            " has none in /etc/passwd");
    }
    const std::string name = "postgres-" + std::to_string(index);
    const auto folder = here.folder.make_inner(name);
    const auto data = here.folder.make_inner(name + "/data");
    if (!folder || !data) {
        return start_failed(folder ? data.error() : folder.error());
    }
    if (auto unpacked = clusters.unpack_into(*data); !unpacked) {
        return std::unexpected{unpacked.error()};
    }
    starting_server one{.folder = *folder, .deadline = std::chrono::steady_clock::now() + 30s};
    server& made = one.made;
    made.kind = server_kind::postgres;
    made.log = *folder / "postgres.log";
    auto reservation = give_tcp(here, made);
    if (!reservation) {
        return std::unexpected{reservation.error()};
    }
    one.reservation = std::move(*reservation);
    const std::uint16_t port = made.port != 0 ? made.port : default_port;
    made.socket = *folder / (".s.PGSQL." + std::to_string(port));
    // The port is always there, since PGPORT would fill the gap.
    made.url = "postgresql:///postgres?host=" + percent_encode(folder->native(), "/") +
               "&port=" + std::to_string(port) + "&user=lab";
    if (made.port != 0) {
        made.tcp_url = "postgresql://lab:" + made.password + "@127.0.0.1:" + std::to_string(made.port) + "/postgres";
    }
    // SIGQUIT ends it at once and tidily; killed, it would leave its shared memory segment.
    const auto pid = here.processes.spawn(
        {.arguments = arguments(here, one, port), .folder = *folder, .log = made.log, .end_signal = SIGQUIT});
    if (!pid) {
        return start_failed(pid.error());
    }
    made.pid = *pid;
    return one;
}

bool postgres_answers(lab& here, const starting_server& one) {
    if (!says_ready(one.folder / "data")) {
        return false;
    }
    const std::string statement =
        one.made.password.empty() ? "" : "ALTER ROLE lab PASSWORD '" + one.made.password + "'";
    const auto reply = ask(one.made.socket, conversation(statement), "", here.watch, 5s);
    return reply && is_welcome(*reply);
}

}  // namespace fiberlab::servers
