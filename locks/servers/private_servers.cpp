#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "locks/servers/binaries.hpp"
#include "locks/servers/guardian_role.hpp"
#include "locks/servers/lab_folder.hpp"
#include "locks/servers/messages.hpp"
#include "locks/servers/servers.hpp"

namespace fiberlab::servers {

namespace {

void refuse_misuse(const settings& wanted) {
    const auto in_range = [](int count) { return count >= 0 && count <= settings::max_servers; };
    if (!in_range(wanted.redis) || !in_range(wanted.postgres) || wanted.redis + wanted.postgres == 0) {
        throw std::invalid_argument{"private_servers: between 1 and " + std::to_string(settings::max_servers) +
                                    " servers of a kind"};
    }
}

std::unexpected<start_error> failed(std::string message) {
    return std::unexpected{start_error{.kind = start_failure::failed, .message = std::move(message)}};
}

std::expected<order, start_error> make_order(const settings& wanted) {
    order made{.redis = wanted.redis,
               .postgres = wanted.postgres,
               .tcp = wanted.tcp,
               .redis_options = wanted.redis_options,
               .postgres_options = wanted.postgres_options};
    if (wanted.redis > 0) {
        auto found = find_redis_server();
        if (!found) {
            return std::unexpected{found.error()};
        }
        made.redis_server = *found;
    }
    if (wanted.postgres > 0) {
        auto found = find_postgres_bin();
        if (!found) {
            return std::unexpected{found.error()};
        }
        made.postgres_bin = *found;
    }
    auto base = choose_base(wanted);
    if (!base) {
        return failed(base.error());
    }
    made.base = *base;
    return made;
}

}  // namespace

private_servers::private_servers(unique_fd channel, pid_t guardian)
    : channel_{std::move(channel)}, guardian_{guardian}, owner_{::getpid()} {}

private_servers::private_servers(private_servers&& other) noexcept
    : channel_{std::move(other.channel_)},
      guardian_{std::exchange(other.guardian_, -1)},
      owner_{other.owner_},
      guardian_ended_{other.guardian_ended_},
      servers_{std::move(other.servers_)},
      folder_{std::move(other.folder_)} {}

private_servers& private_servers::operator=(private_servers&& other) noexcept {
    if (this != &other) {
        stop();
        channel_ = std::move(other.channel_);
        guardian_ = std::exchange(other.guardian_, -1);
        owner_ = other.owner_;
        guardian_ended_ = other.guardian_ended_;
        servers_ = std::move(other.servers_);
        folder_ = std::move(other.folder_);
    }
    return *this;
}

private_servers::~private_servers() {
    stop();
}

std::expected<private_servers, start_error> private_servers::start(const settings& wanted,
                                                                   const std::stop_token& cancel) {
    refuse_misuse(wanted);
    const auto asked = make_order(wanted);
    if (!asked) {
        return std::unexpected{asked.error()};
    }
    auto guardian = spawn_guardian();
    if (!guardian) {
        return failed(guardian.error());
    }
    private_servers made{std::move(guardian->socket), guardian->pid};
    const int socket = made.channel_.get();
    start_error problem{.message = "the guardian of private servers ended as it started"};
    bool ready = false;
    {
        const std::stop_callback on_cancel{cancel, [socket] { ::shutdown(socket, SHUT_WR); }};
        send_packet(socket, to_packet(*asked));
        while (!ready) {
            const auto said = receive_packet(socket);
            if (!said) {
                break;
            }
            const std::string& what = said->at(0);
            if (what == message::server) {
                made.servers_.push_back(to_server(*said));
            } else if (what == message::ready) {
                made.folder_ = said->at(1);
                ready = true;
            } else if (what == message::failed) {
                problem.message = said->at(1);
            }
        }
    }
    if (cancel.stop_requested()) {
        return std::unexpected{start_error{.kind = start_failure::cancelled, .message = "cancelled"}};
    }
    if (!ready) {
        return std::unexpected{std::move(problem)};
    }
    return made;
}

const server& private_servers::nth(server_kind kind, std::size_t index) const {
    for (const server& one : servers_) {
        if (one.kind == kind && index-- == 0) {
            return one;
        }
    }
    throw std::out_of_range{"private_servers: no such server"};
}

const server& private_servers::redis(std::size_t index) const {
    return nth(server_kind::redis, index);
}
const server& private_servers::postgres(std::size_t index) const {
    return nth(server_kind::postgres, index);
}

std::optional<server_report> private_servers::next_report() {
    if (!channel_ || guardian_ended_) {
        return std::nullopt;
    }
    const auto said = receive_packet(channel_.get(), false);
    if (!said && said.error() == no_packet::none) {
        return std::nullopt;
    }
    if (!said) {
        guardian_ended_ = true;
        return server_report{.event = server_report::event_kind::guardian_ended, .how = "the guardian ended"};
    }
    server_report report{.how = said->at(2)};
    const std::string& index = said->at(1);
    std::from_chars(index.data(), index.data() + index.size(), report.server);
    return report;
}

void private_servers::stop() noexcept {
    if (!channel_) {
        return;
    }
    if (::getpid() == owner_) {
        // The end of file that follows says that all is cleared away; who reaps the guardian doesn't matter.
        ::shutdown(channel_.get(), SHUT_WR);
        while (receive_packet(channel_.get())) {
        }
        while (::waitpid(guardian_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    channel_.reset();
}

}  // namespace fiberlab::servers
