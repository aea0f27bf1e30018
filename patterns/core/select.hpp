// select: waits until one of several channel operations can go on, and does exactly that one.
//
//   std::optional<int> value;
//   const selected chosen = select(receive(numbers, value),   // 0
//                                  send(log, line),           // 1: `line` is moved from only if this case is chosen
//                                  done(stop));               // 2: the token fired
//   if (chosen.index == 0 && chosen.how == status::ok) { use(*value); }
//
// Among the cases that are ready, each is equally likely. A case is ready too when its channel is closed: `how` is then
// closed. `.when(false)` takes a case out, as a nil channel does in Go. Without any case it blocks for ever.
// try_select never blocks: index -1 and status::empty when nothing is ready. select_until gives up at the deadline:
// index -1 and status::timeout.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <utility>

#include "patterns/core/channel.hpp"
#include "patterns/core/status.hpp"
#include "patterns/core/stop.hpp"

namespace fiberlab {

struct selected {
    int index = -1;
    status how = status::empty;
};

class select_case {
public:
    using attempt = std::optional<status> (*)(channel_base& on, void* element);

    select_case(channel_base& on, void* element, bool sends, attempt now) noexcept
        : channel_{&on}, element_{element}, sends_{sends}, now_{now} {}
    explicit select_case(stop_state* stop) noexcept : stop_{stop} {}

    [[nodiscard]] select_case when(bool enabled) const noexcept {
        select_case changed = *this;
        changed.enabled_ = enabled;
        return changed;
    }

    bool enabled() const noexcept { return enabled_ && (channel_ != nullptr || stop_ != nullptr); }
    bool ready() const noexcept;            // a glance, without the lock
    std::optional<status> try_now() const;  // with the lock held
    spinlock& guard() const noexcept;
    wait_queue& queue() const noexcept;
    const sync_object& object() const noexcept;
    void* element() const noexcept { return element_; }

private:
    channel_base* channel_ = nullptr;
    stop_state* stop_ = nullptr;
    void* element_ = nullptr;
    bool sends_ = false;
    bool enabled_ = true;
    attempt now_ = nullptr;
};

// On ok the value is in `slot`; it is left alone otherwise.
template <class T>
select_case receive(channel<T>& from, std::optional<T>& slot) noexcept {
    return {from, &slot, false, [](channel_base& on, void* element) {
                return static_cast<channel<T>&>(on).pop_now(*static_cast<std::optional<T>*>(element));
            }};
}

// `value` must live until select returns; it keeps its value unless this case was chosen with status ok.
template <class T>
select_case send(channel<T>& to, T& value) noexcept {
    return {to, std::addressof(value), true, [](channel_base& on, void* element) {
                return static_cast<channel<T>&>(on).push_now(*static_cast<T*>(element));
            }};
}

inline select_case done(const stop_token& stop) noexcept {
    return select_case{stop.state().get()};
}

// For a number of cases that is known only at run time. An empty span blocks for ever.
selected select(std::span<const select_case> cases);
selected try_select(std::span<const select_case> cases);
selected select_until(time_point deadline, std::span<const select_case> cases);

template <class... More>
selected select(const select_case& first, const More&... more) {
    const std::array<select_case, 1 + sizeof...(More)> cases{first, more...};
    return select(std::span<const select_case>{cases});
}

template <class... More>
selected try_select(const select_case& first, const More&... more) {
    const std::array<select_case, 1 + sizeof...(More)> cases{first, more...};
    return try_select(std::span<const select_case>{cases});
}

template <class... More>
selected select_until(time_point deadline, const select_case& first, const More&... more) {
    const std::array<select_case, 1 + sizeof...(More)> cases{first, more...};
    return select_until(deadline, std::span<const select_case>{cases});
}

}  // namespace fiberlab
