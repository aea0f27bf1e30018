// stop_source, stop_token: cancellation as a tree, after Go's context.
//
//   stop_source request{parent.token(), "request"};     // stops when its parent does
//   request.stop_at(clock::now() + 2s);                 // …or by itself: cause "deadline"
//   fetch(request.token());                             // tokens go down by value
//   request.request_stop("enough");                     // the first cause stays
//
// A token can be waited for in a select (`done(token)`) and given to most blocking operations. Values ride along with a
// token and are looked up towards the root, as with context.WithValue. A child never outlives the memory of its parent.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>

#include "patterns/core/name.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab {

class stop_state;

class stop_token {
public:
    stop_token() noexcept = default;  // never fires

    bool stop_possible() const noexcept { return state_ != nullptr; }
    bool stop_requested() const noexcept;
    std::string cause() const;                            // empty while not stopped
    std::optional<time_point> deadline() const noexcept;  // the earliest on the way to the root
    void wait() const;                                    // blocks the fiber until it fires

    template <class T>
    const T* value() const {
        return static_cast<const T*>(find(typeid(T)));
    }

    const std::shared_ptr<stop_state>& state() const noexcept { return state_; }

private:
    friend class stop_source;
    explicit stop_token(std::shared_ptr<stop_state> state) noexcept : state_{std::move(state)} {}
    const void* find(std::type_index type) const noexcept;

    std::shared_ptr<stop_state> state_;
};

class stop_source {
public:
    explicit stop_source(name called = "stop");
    explicit stop_source(const stop_token& parent, name called = "stop");
    ~stop_source();  // takes itself out of the tree and drops its timer; it does not stop its tokens
    stop_source(stop_source&&) noexcept = default;
    stop_source& operator=(stop_source&&) = delete;
    stop_source(const stop_source&) = delete;
    stop_source& operator=(const stop_source&) = delete;

    // Stops this source and all below it; callbacks run before it returns. False when it was stopped already.
    bool request_stop(std::string_view cause = "stopped") const noexcept;
    void stop_at(time_point deadline) const;  // an earlier deadline replaces a later one, never the reverse
    void stop_after(duration d) const { stop_at(after(d)); }

    // Attaches a value that this source's tokens and all below it find by its type. Set it before tokens are given out.
    template <class T>
    void set_value(T value) const {
        attach(typeid(T), std::make_shared<T>(std::move(value)));
    }

    stop_token token() const noexcept { return stop_token{state_}; }
    bool stop_requested() const noexcept { return token().stop_requested(); }

private:
    void attach(std::type_index type, std::shared_ptr<const void> value) const;

    std::shared_ptr<stop_state> state_;
};

// Runs `action` when the token fires, at once if it has fired already. The action must not block. The destructor takes
// it back: after it, the action neither runs nor will run.
class stop_callback {
public:
    stop_callback(const stop_token& token, std::function<void()> action);
    ~stop_callback();
    stop_callback(const stop_callback&) = delete;
    stop_callback& operator=(const stop_callback&) = delete;
    stop_callback(stop_callback&&) = delete;
    stop_callback& operator=(stop_callback&&) = delete;

private:
    friend class stop_state;
    std::shared_ptr<stop_state> state_;
    std::function<void()> action_;
    stop_callback* next_ = nullptr;
    stop_callback* previous_ = nullptr;
};

}  // namespace fiberlab
