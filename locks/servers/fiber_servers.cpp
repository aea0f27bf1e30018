#include "locks/servers/fiber_servers.hpp"

#include <stop_token>

#include "patterns/core/io.hpp"
#include "patterns/core/runtime/seam.hpp"

namespace fiberlab::servers {

std::expected<fiber_servers, start_error> fiber_servers::start(const settings& wanted,
                                                               const fiberlab::stop_token& stop) {
    std::stop_source cancel;
    const stop_callback pass_on{stop, [&] { cancel.request_stop(); }};
    auto started = offload([&] { return private_servers::start(wanted, cancel.get_token()); });
    if (!started) {
        return std::unexpected{std::move(started).error()};
    }
    return fiber_servers{std::move(*started)};
}

fiber_servers::~fiber_servers() {
    if (seam::on_fiber() && !seam::unwinding()) {
        try {
            offload([this] { running_.stop(); });
        } catch (...) {
            running_.stop();  // the run ends: nothing else needs the thread
        }
    }
}

}  // namespace fiberlab::servers
