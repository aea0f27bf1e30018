#include "patterns/core/runtime/runtime.hpp"

#include <boost/fiber/algo/round_robin.hpp>
#include <boost/fiber/operations.hpp>
#include <stdexcept>
#include <utility>

#include "patterns/core/runtime/overflow.hpp"
#include "patterns/core/runtime/scheduler.hpp"

namespace fiberlab {

run_outcome run(const run_settings& settings, std::move_only_function<void()> root) {
    if (scheduler::current() != nullptr) {
        throw std::logic_error("fiberlab::run() inside a run");
    }
    if (settings.schedule != nullptr && settings.mode != run_mode::virtual_time) {
        throw std::logic_error("a schedule can only be given to a run in virtual time");
    }
    const overflow_guard watched;
    const boost::intrusive_ptr<scheduler> algorithm{new scheduler{settings}};
    auto* const boost_scheduler = boost::fibers::context::active()->get_scheduler();
    boost_scheduler->set_algo(algorithm);
    run_outcome outcome = algorithm->drive(std::move(root));
    boost_scheduler->set_algo(new boost::fibers::algo::round_robin);
    return outcome;
}

stop_token run_stop() {
    const scheduler* const s = scheduler::current();
    return s != nullptr ? s->root_stop().token() : stop_token{};
}

std::chrono::steady_clock::time_point run_began() {
    const scheduler* const s = scheduler::current();
    if (s == nullptr) {
        throw std::logic_error("run_began() outside a run");
    }
    return s->started();
}

}  // namespace fiberlab
