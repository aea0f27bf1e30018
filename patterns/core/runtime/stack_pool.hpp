// stack_pool: stacks for fibers, each above a guard page, kept for the next fiber when one ends.
//
// Slabs of mapped memory are cut into stacks whose tops are shifted against each other: stacks that all begin at the
// same place of a page compete for the same lines of the cache. A guard costs a second mapping per stack, and the
// kernel allows a process some 65,000 (vm.max_map_count); stacks beyond that come without a guard, and are counted.
#pragma once

#include <boost/context/stack_context.hpp>
#include <boost/context/stack_traits.hpp>
#include <cstddef>
#include <vector>

#include "patterns/core/runtime/sanitizer.hpp"

namespace fiberlab {

class stack_pool {
public:
    explicit stack_pool(std::size_t usable_bytes);
    ~stack_pool();
    stack_pool(const stack_pool&) = delete;
    stack_pool& operator=(const stack_pool&) = delete;
    stack_pool(stack_pool&&) = delete;
    stack_pool& operator=(stack_pool&&) = delete;

    boost::context::stack_context allocate();  // throws std::bad_alloc when the system has no more memory to map
    void deallocate(boost::context::stack_context& stack) noexcept;

    std::size_t usable_bytes() const noexcept { return usable_; }
    std::size_t unguarded() const noexcept { return unguarded_; }  // stacks made without a guard page
    static constexpr std::size_t guard_bytes = 16U * 1024;         // wide enough for a frame that skips a page

private:
    void map_slab();

    std::size_t usable_;
    std::size_t stride_;
    std::vector<boost::context::stack_context> free_;
    std::vector<void*> slabs_;
    std::byte* fresh_ = nullptr;  // the next stack of the newest slab
    std::size_t fresh_left_ = 0;
    std::size_t shift_ = 0;
    std::ptrdiff_t guarded_ = 0;
    std::size_t unguarded_ = 0;
};

// What Boost asks of a stack allocator: a copyable handle to the pool.
struct pooled_stack {
    using traits_type = boost::context::stack_traits;
    stack_pool* pool;
    stack_record* record;  // told its bounds when the stack is taken, and not used after that
    boost::context::stack_context allocate() const {
        const auto stack = pool->allocate();
        record->size = stack.size;
        record->bottom = static_cast<const std::byte*>(stack.sp) - stack.size;
        return stack;
    }
    void deallocate(boost::context::stack_context& stack) const noexcept { pool->deallocate(stack); }
};

}  // namespace fiberlab
