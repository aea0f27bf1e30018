// stop_state: one node of the tree of stop sources, shared by a source, its tokens and its children.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

#include "patterns/core/runtime/fiber_state.hpp"
#include "patterns/core/runtime/timer_queue.hpp"
#include "patterns/core/runtime/wait_queue.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab {

class stop_callback;

class stop_state {
public:
    stop_state(std::shared_ptr<stop_state> above, name called);
    ~stop_state();
    stop_state(const stop_state&) = delete;
    stop_state& operator=(const stop_state&) = delete;
    stop_state(stop_state&&) = delete;
    stop_state& operator=(stop_state&&) = delete;

    bool stop(std::string_view why) noexcept;
    void stop_at(time_point when);
    void leave_tree() noexcept;

    void add(stop_callback& callback);
    void remove(stop_callback& callback) noexcept;

    bool stopped = false;
    std::string cause;
    std::optional<time_point> deadline;
    std::vector<std::pair<std::type_index, std::shared_ptr<const void>>> values;
    std::shared_ptr<stop_state> parent;

    sync_object self;
    spinlock lock;
    wait_queue waiters;

private:
    struct deadline_timer : timer_node {
        stop_state* owner = nullptr;
    };

    stop_state* first_child_ = nullptr;
    stop_state* next_sibling_ = nullptr;
    stop_state* previous_sibling_ = nullptr;
    bool in_tree_ = false;
    stop_callback* callbacks_ = nullptr;
    deadline_timer timer_;
};

}  // namespace fiberlab
