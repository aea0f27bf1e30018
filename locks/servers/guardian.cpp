#include "locks/servers/guardian.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <string_view>
#include <vector>

#include "locks/servers/guardian_role.hpp"
#include "locks/servers/lab.hpp"
#include "locks/servers/postgres_server.hpp"
#include "locks/servers/redis_server.hpp"

namespace fiberlab::servers {

namespace {

using namespace std::chrono_literals;

using started_servers = std::vector<starting_server>;

start_result<started_servers> start_all(lab& here) {
    started_servers made;
    for (int index = 0; index < here.wanted.redis; ++index) {
        auto one = start_redis(here, index);
        if (!one) {
            return std::unexpected{one.error()};
        }
        made.push_back(std::move(*one));
    }
    postgres_template clusters{here};
    for (int index = 0; index < here.wanted.postgres; ++index) {
        auto one = start_postgres(here, clusters, index);
        if (!one) {
            return std::unexpected{one.error()};
        }
        made.push_back(std::move(*one));
    }
    return made;
}

bool answers(lab& here, const starting_server& one) {
    return one.made.kind == server_kind::redis ? redis_answers(here, one) : postgres_answers(here, one);
}

// All servers start side by side; this returns when the last one answers.
start_result<void> await_all(lab& here, started_servers& all) {
    // Servers tell nobody when they are ready, so each is asked anew after this pause.
    constexpr auto pause = 500us;
    for (starting_server& one : all) {
        const std::string program = one.made.kind == server_kind::redis ? "redis-server" : "postgres";
        while (!answers(here, one)) {
            here.processes.reap();
            if (const auto status = here.processes.ended(one.made.pid)) {
                return start_failed(program + " " + describe_status(*status) + " as it started", one.made.log);
            }
            if (std::chrono::steady_clock::now() > one.deadline) {
                return start_failed(program + " doesn't answer", one.made.log);
            }
            if (!here.watch.wait(pause)) {
                return start_cancelled();
            }
        }
        one.reservation.reset();
        if (one.made.kind == server_kind::postgres) {
            here.processes.note_shared_memory(one.made.pid);
        }
    }
    return {};
}

// Until it is time to go: reports each server that ends before.
void serve(lab& here, const started_servers& all) {
    std::vector<bool> reported(all.size(), false);
    while (here.watch.wait(1h, {here.processes.fd()})) {
        here.processes.reap();
        for (std::size_t index = 0; index < all.size(); ++index) {
            const auto status = here.processes.ended(all[index].made.pid);
            if (status && !reported[index]) {
                reported[index] = true;
                send_packet(STDIN_FILENO, {message::ended, std::to_string(index), describe_status(*status)}, false);
            }
        }
    }
}

start_result<void> start_and_serve(lab& here) {
    auto all = start_all(here);
    if (!all) {
        return std::unexpected{all.error()};
    }
    if (auto ready = await_all(here, *all); !ready) {
        return ready;
    }
    for (const starting_server& one : *all) {
        send_packet(STDIN_FILENO, to_packet(one.made));
    }
    send_packet(STDIN_FILENO, {message::ready, here.folder.path().native()});
    serve(here, *all);
    return {};
}

// When it returns or throws, all is cleared away.
start_result<void> run_lab(order wanted, parent_watch watch) {
    const auto run_as = server_account();
    if (!run_as) {
        return start_failed(run_as.error());
    }
    sweep(wanted.base);
    auto folder = lab_folder::make(wanted.base, *run_as);
    if (!folder) {
        return start_failed(folder.error());
    }
    lab here{.wanted = std::move(wanted),
             .run_as = *run_as,
             .folder = std::move(*folder),
             .processes = children{*run_as},
             .watch = std::move(watch)};
    return start_and_serve(here);  // then the lab ends its processes and removes its folder
}

bool has_socket() {
    int type = 0;
    socklen_t size = sizeof type;
    return ::getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int guardian_main(pid_t parent) {
    ::prctl(PR_SET_NAME, "fiberlab-guard");
    ::umask(077);
    ::fcntl(STDIN_FILENO, F_SETFD, FD_CLOEXEC);
    if (::chdir("/") != 0) {
        return 1;
    }
    const auto wanted = receive_packet(STDIN_FILENO);
    if (!wanted) {
        return 0;  // the parent went at once
    }
    std::string problem;
    try {
        if (auto done = run_lab(to_order(*wanted), parent_watch{STDIN_FILENO, parent}); !done) {
            problem = done.error().message;
        }
    } catch (const std::exception& thrown) {
        problem = thrown.what();
    }
    if (!problem.empty()) {
        send_packet(STDIN_FILENO, {message::failed, problem}, false);
    }
    return 0;
}

}  // namespace

std::optional<int> run_hidden_role(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv, argv + argc);
    if (arguments.size() != 3 || arguments[1] != guardian_role) {
        return std::nullopt;
    }
    pid_t parent = 0;
    std::from_chars(arguments[2].data(), arguments[2].data() + arguments[2].size(), parent);
    return parent > 0 && has_socket() ? guardian_main(parent) : 2;
}

}  // namespace fiberlab::servers
