// view: what a run looks like in one output format. It is told of the start, of every event as it happens, and of the
// result; it writes text and decides nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "patterns/core/event.hpp"
#include "patterns/core/time.hpp"
#include "patterns/demo/command.hpp"
#include "patterns/demo/parameters.hpp"
#include "patterns/demo/report.hpp"

namespace fiberlab::render {

// Where the text goes: a stream, a file, a string in a test.
class text_sink {
public:
    virtual ~text_sink() = default;
    virtual void write(std::string_view text) = 0;
    virtual void flush() = 0;
};

// What a run was made with.
struct run_facts {
    std::string version{};
    const demo::command* command = nullptr;
    const demo::parameters* options = nullptr;
    std::vector<std::string> operands{};
    std::uint64_t seed = 0;
    demo::timing time = demo::timing::virtual_time;
    int threads = 1;
    bool boost_channels = false;
    bool live = false;     // each event is to be seen when it happens
    std::string repeat{};  // the command line that does it again
};

// What came of it. `report` has the standard invariants, too.
struct run_result {
    demo::report report{};
    demo::verdict verdict = demo::verdict::held;
    duration elapsed{};
    std::optional<std::uint64_t> trace_hash{};
    std::string interrupted_by{};  // "SIGINT"; empty when nothing cut the run short
    int exit_code = 0;
};

class view : public event_sink {
public:
    virtual void begin(const run_facts& facts) = 0;
    virtual void end(const run_facts& facts, const run_result& result) = 0;
};

}  // namespace fiberlab::render
