// What the tests of views share: a place to write to, and a run to tell of.
#pragma once

#include <string>
#include <string_view>

#include "apps/fiberlab/render/view.hpp"

namespace fiberlab::render {

class written : public text_sink {
public:
    void write(std::string_view more) override { text += more; }
    void flush() override { ++flushes; }

    std::string text;
    int flushes = 0;
};

// A command with an option of every type, and a run of it.
struct sample_run {
    demo::command command{.name = "lock sample",
                          .summary = "one of everything",
                          .options = {demo::items("20"),
                                      demo::variant(),
                                      {.name = "max-wait", .type = demo::option_type::duration, .initial = "5ms"},
                                      {.name = "loss", .type = demo::option_type::ratio, .initial = "5%", .max = 1},
                                      {.name = "always", .type = demo::option_type::flag},
                                      {.name = "stage", .repeated = true},
                                      {.name = "url"}}};
    demo::parameters options{command.options};
    run_facts facts{.version = "1.2.3",
                    .command = &command,
                    .options = &options,
                    .seed = 7,
                    .repeat = "fiberlab lock sample --seed 7"};
    run_result result{.elapsed = duration{12'345'678}, .trace_hash = 0xABC};

    sample_run() {
        demo::latency waits;
        waits.record(duration{1'500'000});
        waits.record(duration{2'000'000});
        result.report.count("items_in", 20);
        result.report.count("held_ns", 1'500'000);
        result.report.timing("wait", waits);
        result.report.timing("never", demo::latency{});
        result.report.check("each value reached both sides", true, 20, "20 on the left, 20 on the right");
    }
};

inline event told(std::int64_t ns, name who, std::string_view what, name object = {}, std::vector<field> fields = {},
                  std::string note = {}) {
    return {.at = duration{ns},
            .fiber = 3,
            .fiber_name = who,
            .what = what,
            .object = object,
            .fields = std::move(fields),
            .note = std::move(note)};
}

}  // namespace fiberlab::render
