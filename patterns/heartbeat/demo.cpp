#include "explanations/heartbeat.hpp"
#include "patterns/demo/command.hpp"
#include "patterns/heartbeat/workload.hpp"

namespace fiberlab::demos {

const demo::command& heartbeat() {
    static const demo::command made{
        .name = "heartbeat",
        .in = demo::group::resilience,
        .summary = "signs of life tell working, hung and ended fibers apart",
        .options = {{.name = "items",
                     .type = demo::option_type::count,
                     .help = "units of work of each worker",
                     .initial = "8",
                     .min = 2,
                     .max = 1'000'000},
                    {.name = "workers",
                     .type = demo::option_type::count,
                     .help = "steady workers, beside one that hangs, one that dies and one unheard",
                     .initial = "2",
                     .min = 1,
                     .max = 10'000},
                    {.name = "interval",
                     .type = demo::option_type::duration,
                     .help = "a pulse this often",
                     .initial = "10ms",
                     .min = 1'000'000,
                     .max = 3'600'000'000'000},
                    {.name = "timeout",
                     .type = demo::option_type::duration,
                     .help = "a silence this long means that it hangs",
                     .initial = "35ms",
                     .min = 1'000'000,
                     .max = 86'400'000'000'000},
                    demo::variant()},
        .examples = {{.arguments = "heartbeat",
                      .shows = "two workers work, one hangs, one dies, one is not listened to"},
                     {.arguments = "heartbeat --timeout 100ms --seed 7", .shows = "a patient monitor notices later"},
                     {.arguments = "heartbeat --variant as-written",
                      .shows = "a closed heartbeat read as healthy: a busy loop, and nobody learns of the death",
                      .exit_code = 4}},
        .explanation = heartbeat_explanation(),
        .run = watch_workers};
    return made;
}

}  // namespace fiberlab::demos
