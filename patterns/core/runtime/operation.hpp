// operation: what a fiber does at a preemption point. Its text is the `event` of a trace and part of the trace's hash,
// so renaming one changes every hash.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fiberlab {

enum class operation : std::uint8_t {
    spawn,
    begin,
    end,
    join,
    yield,
    sleep,
    park,
    unpark,
    timeout,
    choose,
    draw,
    push,
    try_push,
    pop,
    try_pop,
    close,
    select,
    lock,
    try_lock,
    unlock,
    wait,
    notify_one,
    notify_all,
    acquire,
    try_acquire,
    release,
    stop,
    access,
};

constexpr std::string_view to_string(operation op) noexcept {
    constexpr std::array<std::string_view, 28> texts{
        "spawn",      "begin",      "end",     "join",        "yield",    "sleep",    "park",
        "unpark",     "timeout",    "choose",  "draw",        "push",     "try_push", "pop",
        "try_pop",    "close",      "select",  "lock",        "try_lock", "unlock",   "wait",
        "notify_one", "notify_all", "acquire", "try_acquire", "release",  "stop",     "access",
    };
    return texts.at(static_cast<std::size_t>(op));
}

}  // namespace fiberlab
