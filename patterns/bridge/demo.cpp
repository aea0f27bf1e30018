#include "explanations/bridge.hpp"
#include "patterns/bridge/files.hpp"
#include "patterns/bridge/workload.hpp"
#include "patterns/demo/command.hpp"

namespace fiberlab::demos {

namespace {

using demo::option_type;

bool joins_files(const demo::parameters& /*options*/, const std::vector<std::string>& operands) {
    return !operands.empty();
}

demo::report run(const demo::stage& on) {
    return on.operands.empty() ? bridge_numbers(on) : bridge_files(on);
}

}  // namespace

const demo::command& bridge() {
    static const demo::command made{
        .name = "bridge",
        .in = demo::group::flow,
        .summary = "a channel of channels as one stream, each drained before the next",
        .options = {demo::items("12"),
                    {.name = "streams",
                     .type = option_type::count,
                     .help = "how many streams the items are spread over",
                     .initial = "4",
                     .min = 1},
                    demo::capacity("1"),
                    {.name = "ahead",
                     .type = option_type::count,
                     .help = "how many streams may be open behind the head",
                     .initial = "2"},
                    {.name = "slow",
                     .type = option_type::duration,
                     .help = "how long stream 1 works on a value; the others take 400us",
                     .initial = "4ms"},
                    {.name = "stop-after",
                     .type = option_type::count,
                     .help = "the consumer stops everything after so many values; 0: never",
                     .initial = "7"},
                    demo::variant()},
        .examples = {{.arguments = "bridge", .shows = "order, what it costs, and a stop that its producers ignore"},
                     {.arguments = "bridge --variant as-written",
                      .shows = "the popular bridge stops and leaves producers parked for ever",
                      .exit_code = 4},
                     {.arguments = "bridge --stop-after 0 --streams 3 --items 9", .shows = "all the way to the end"},
                     {.arguments = "bridge - /dev/null", .shows = "real files, as cat(1)", .stdin_text = "one\ntwo\n"}},
        .explanation = bridge_explanation(),
        .operands = demo::operand_kind::files,
        .real_input = joins_files,
        .run = run,
    };
    return made;
}

}  // namespace fiberlab::demos
