#include <string>
#include <utility>

#include "explanations/tee.hpp"
#include "patterns/demo/command.hpp"
#include "patterns/tee/files.hpp"
#include "patterns/tee/workload.hpp"

namespace fiberlab::demos {

namespace {

using demo::option;
using demo::option_type;

bool copies_files(const demo::parameters& options, const std::vector<std::string>& /*operands*/) {
    return options.has_value("input");
}

demo::report run(const demo::stage& on) {
    const demo::parameters& options = on.options;
    if (options.has_value("input")) {
        if (!options.has_value("left") || !options.has_value("right")) {
            throw demo::usage_error("--input needs two files to copy it to: --left FILE and --right FILE");
        }
        return tee_files(on);
    }
    for (const char* const output : {"left", "right"}) {
        if (options.has_value(output)) {
            throw demo::usage_error(std::string{"--"} + output +
                                    " needs --input FILE, or --input - for standard input");
        }
    }
    return tee_numbers(on);
}

option output(std::string name) {
    return {.name = std::move(name), .type = option_type::path, .help = "copy the input to FILE; - is standard output"};
}

}  // namespace

const demo::command& tee() {
    static const demo::command made{
        .name = "tee",
        .in = demo::group::flow,
        .summary = "one stream, two sides: both get every value, in lockstep, all or nothing",
        .options = {demo::items("12"),
                    demo::capacity("0"),
                    {.name = "slow",
                     .type = option_type::duration,
                     .help = "how long the right side works on a value; the left one takes 400us",
                     .initial = "4ms"},
                    {.name = "stop-after",
                     .type = option_type::count,
                     .help = "the left side stops everything after so many values; 0: never",
                     .initial = "6"},
                    {.name = "leave-after",
                     .type = option_type::count,
                     .help = "the left side leaves after so many values; 0: never",
                     .initial = "0"},
                    demo::variant(),
                    demo::input(),
                    output("left"),
                    output("right")},
        .examples = {{.arguments = "tee",
                      .shows = "the slow side sets the pace; a stop leaves both with the same values"},
                     {.arguments = "tee --variant as-written",
                      .shows = "the popular tee: a stop leaves one side a value short",
                      .exit_code = 4},
                     {.arguments = "tee --stop-after 0 --leave-after 3",
                      .shows = "one side leaves early, the other goes on"},
                     {.arguments = "tee --input - --left - --right /dev/null",
                      .shows = "real bytes, as tee(1)",
                      .stdin_text = "one\ntwo\n"}},
        .explanation = tee_explanation(),
        .real_input = copies_files,
        .run = run,
    };
    return made;
}

}  // namespace fiberlab::demos
