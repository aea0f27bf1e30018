#include "locks/serve/serve.hpp"

#include <algorithm>

#include "locks/servers/fiber_servers.hpp"
#include "patterns/core/io.hpp"

namespace fiberlab::locks {

namespace {

using servers::server_kind;

const std::string& address(const servers::server& of, bool tcp) {
    return tcp ? of.tcp_url : of.url;
}

// Server n of a kind stands in a list with all Redis first: this follows the order that was asked for.
std::vector<std::string> urls_in_order(const serving& plan, const std::vector<servers::server>& all) {
    std::vector<std::string> urls;
    std::vector<bool> used(all.size());
    for (const server_kind kind : plan.kinds) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!used[i] && all[i].kind == kind) {
                used[i] = true;
                urls.push_back(address(all[i], plan.tcp));
                break;
            }
        }
    }
    return urls;
}

}  // namespace

std::expected<served, std::string> serve(const serving& plan, const stop_token& stop,
                                         const std::function<void(const std::string& url)>& announce) {
    const auto how_many = [&](server_kind kind) { return static_cast<int>(std::ranges::count(plan.kinds, kind)); };
    auto running = servers::fiber_servers::start(
        {.redis = how_many(server_kind::redis), .postgres = how_many(server_kind::postgres), .tcp = plan.tcp}, stop);
    if (!running) {
        if (running.error().kind == servers::start_failure::cancelled) {
            return served{};
        }
        return std::unexpected{running.error().message};
    }
    for (const std::string& url : urls_in_order(plan, running->servers())) {
        announce(url);
    }

    served result{.started = running->servers().size(), .ended_early = {}};
    const time_point until = plan.run_for > duration::zero() ? after(plan.run_for) : never;
    while (result.ended_early.empty() && wait_readable(running->handle().status_fd(), until, stop) == status::ok) {
        while (const auto report = running->handle().next_report()) {
            const bool one = report->event == servers::server_report::event_kind::server_ended;
            const bool redis = one && running->servers().at(report->server).kind == server_kind::redis;
            result.ended_early.push_back((one ? (redis ? "redis " : "postgres ") : "the guardian ") + report->how);
        }
    }
    return result;
}

}  // namespace fiberlab::locks
