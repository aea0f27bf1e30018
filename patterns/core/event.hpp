// event: one thing that happened in a run. Every view (story, ndjson, and the later ones) is made from the same events.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "patterns/core/name.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab {

struct field {
    std::string_view key;  // a literal; a quantity carries its unit: "wait_ns"
    std::variant<std::int64_t, std::string> value;
};

struct event {
    // story: told to a person. detail: every channel operation, wait and wake-up; shown with -v and in ndjson.
    enum class level : std::uint8_t { story, detail };

    duration at{};            // since the start of the run
    std::uint32_t fiber = 0;  // 0 is the root fiber
    name fiber_name;
    std::string_view what;  // a literal: "push", "park", "restart"
    name object;            // what it was done to: a channel, a lock, a ward
    std::vector<field> fields;
    std::string note;  // a sentence for a person, when the verb and the object don't say it all
    level detail = level::story;
};

// Receives events as they happen, on the fiber that caused them. It must not block.
class event_sink {
public:
    virtual ~event_sink() = default;
    virtual void on_event(const event& happened) = 0;
    // False when detail events would be thrown away: they are then not even made.
    virtual bool wants_detail() const noexcept { return true; }
};

}  // namespace fiberlab
