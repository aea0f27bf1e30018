// worker: a stack and the Boost.Fiber context on it. It runs one fiber after another: a fiber that ends makes way for
// the next unstarted one without a switch, which is most of what a cheap spawn is made of.
#pragma once

#include <boost/fiber/context.hpp>
#include <boost/fiber/properties.hpp>

#include "patterns/core/runtime/sanitizer.hpp"

namespace fiberlab {

struct fiber_state;

// Boost keeps the worker as its context's properties, and deletes it with the context.
class worker final : public boost::fibers::fiber_properties {
public:
    explicit worker(boost::fibers::context* none = nullptr) noexcept : fiber_properties{none} {}

    boost::fibers::context* context = nullptr;
    fiber_state* runs = nullptr;  // null: idle, or about to quit
    worker* next_idle = nullptr;
    stack_record stack;
};

}  // namespace fiberlab
