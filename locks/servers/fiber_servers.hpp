// fiber_servers: private servers for the fibers of a run. start and stop take milliseconds, so they are made on a
// helper thread; a run that is stopped meanwhile does not wait for a server that nobody will use.
#pragma once

#include <expected>
#include <vector>

#include "locks/servers/servers.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab::servers {

class fiber_servers {
public:
    // Blocks the fiber until all are up. cancelled: the token fired first.
    static std::expected<fiber_servers, start_error> start(const settings& wanted, const fiberlab::stop_token& stop);

    fiber_servers(fiber_servers&&) noexcept = default;
    fiber_servers& operator=(fiber_servers&&) = delete;
    fiber_servers(const fiber_servers&) = delete;
    fiber_servers& operator=(const fiber_servers&) = delete;
    ~fiber_servers();  // ends them; a few milliseconds

    const std::vector<server>& servers() const noexcept { return running_.servers(); }
    private_servers& handle() noexcept { return running_; }

private:
    explicit fiber_servers(private_servers&& running) : running_{std::move(running)} {}

    private_servers running_;
};

}  // namespace fiberlab::servers
