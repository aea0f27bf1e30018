#include "patterns/core/runtime/stack_pool.hpp"

#include <sys/mman.h>

#include <atomic>
#include <fstream>
#include <new>

namespace fiberlab {

namespace {
constexpr std::size_t stacks_per_slab = 64;
constexpr std::size_t shift_step = 192;  // three cache lines
constexpr std::size_t shift_range = 2048;

// How many guards this process can have: each splits a mapping in two, and at the limit not only the next guard fails,
// but the next allocation of any kind. So a good part is left for others.
std::ptrdiff_t guard_budget() {
    std::size_t mappings = 65'530;  // the kernel's default
    std::ifstream{"/proc/sys/vm/max_map_count"} >> mappings;
    return static_cast<std::ptrdiff_t>(mappings * 3 / 8);
}

std::atomic<std::ptrdiff_t>& guards_left() {
    static std::atomic<std::ptrdiff_t> left{guard_budget()};
    return left;
}
}  // namespace

stack_pool::stack_pool(std::size_t usable_bytes)
    : usable_{usable_bytes}, stride_{usable_bytes + shift_range + guard_bytes} {
    constexpr std::size_t page = 4096;
    stride_ = (stride_ + page - 1) / page * page;
}

stack_pool::~stack_pool() {
    guards_left() += guarded_;
    for (void* slab : slabs_) {
        munmap(slab, stride_ * stacks_per_slab);
    }
}

void stack_pool::map_slab() {
    void* const slab = mmap(nullptr, stride_ * stacks_per_slab, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (slab == MAP_FAILED) {
        throw std::bad_alloc{};
    }
    slabs_.push_back(slab);
    fresh_ = static_cast<std::byte*>(slab);
    fresh_left_ = stacks_per_slab;
}

boost::context::stack_context stack_pool::allocate() {
    if (!free_.empty()) {
        const auto stack = free_.back();
        free_.pop_back();
        forget_poison(static_cast<const std::byte*>(stack.sp) - stack.size, stack.size);
        return stack;
    }
    if (fresh_left_ == 0) {
        map_slab();
    }
    std::byte* const low = fresh_;
    fresh_ += stride_;
    --fresh_left_;
    if (guards_left().fetch_sub(1) > 0 && mprotect(low, guard_bytes, PROT_NONE) == 0) {
        ++guarded_;
    } else {
        guards_left().fetch_add(1);
        ++unguarded_;
    }
    forget_poison(low + guard_bytes, stride_ - guard_bytes);
    boost::context::stack_context stack;
    stack.size = usable_;
    stack.sp = low + stride_ - shift_;
    shift_ = (shift_ + shift_step) % shift_range;
    return stack;
}

void stack_pool::deallocate(boost::context::stack_context& stack) noexcept {
    try {
        free_.push_back(stack);
    } catch (const std::bad_alloc&) {
        // The stack stays mapped until the pool goes; it is only not used again.
        return;
    }
}

}  // namespace fiberlab
