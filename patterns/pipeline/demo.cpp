#include "explanations/pipeline.hpp"
#include "patterns/demo/command.hpp"
#include "patterns/pipeline/text_run.hpp"
#include "patterns/pipeline/workload.hpp"

namespace fiberlab::demos {

namespace {

using demo::option;
using demo::option_type;

bool has_input(const demo::parameters& options, const std::vector<std::string>& /*operands*/) {
    return options.given("input");
}

demo::report run_pipeline(const demo::stage& on) {
    const bool as_written = on.options.text("variant") == "as-written";
    if (on.options.given("input")) {
        if (as_written || on.boost_channels) {
            throw demo::usage_error(
                "--input runs the fixed variant over our own channels: leave out --variant and --channel");
        }
        return pipeline::run_text(on);
    }
    if (on.options.given("stage")) {
        throw demo::usage_error(
            "--stage works on text: name the text with --input FILE, or --input - for standard input");
    }
    if (on.boost_channels) {
        if (as_written) {
            throw demo::usage_error(
                "--variant as-written leaves its channels early, which Boost's can't bear: use --channel own");
        }
        return pipeline::run_orders_on_boost(on);
    }
    return as_written ? pipeline::run_orders_as_written(on) : pipeline::run_orders(on);
}

option make(std::string name, option_type type, std::string help, std::string initial) {
    option made;
    made.name = std::move(name);
    made.type = type;
    made.help = std::move(help);
    made.initial = std::move(initial);
    return made;
}

option on_stop() {
    option made = make("on-stop", option_type::choice, "what a stop does with values under way", "drain");
    made.choices = {"drain", "drop"};
    return made;
}

option stages() {
    option made =
        make("stage", option_type::text, "a text stage: match:RE, replace:RE:TEXT, field:N, upper, count, hash", "");
    made.repeated = true;
    return made;
}

}  // namespace

const demo::command& pipeline() {
    static const demo::command made{
        .name = "pipeline",
        .in = demo::group::flow,
        .summary = "stages joined by channels: ordered, all at work at once, with back pressure",
        .options = {demo::items("40"), demo::capacity("2"),
                    make("take", option_type::count, "the consumer leaves after so many items; 0: never", "0"),
                    make("fail-at", option_type::count, "the slow stage fails at this item; 0: never", "0"),
                    make("stop-after", option_type::count, "stop the source after so many arrivals; 0: never", "0"),
                    on_stop(), demo::run_for(""), demo::variant(), demo::input(), stages()},
        .examples = {{.arguments = "pipeline",
                      .shows = "four stages, the slow one in the middle, and who waits for whom"},
                     {.arguments = "pipeline --stop-after 10 --on-stop drop",
                      .shows = "a stop that drops what is under way"},
                     {.arguments = "pipeline --variant as-written --take 5",
                      .shows = "the popular version leaks its stages when the consumer leaves",
                      .exit_code = 4},
                     {.arguments = "pipeline --input - --stage match:error --stage upper",
                      .shows = "real text, as grep -E error | tr a-z A-Z",
                      .stdin_text = "all is well\nan error here\n"}},
        .explanation = pipeline_explanation(),
        .boost_channels = true,
        .real_input = has_input,
        .run = run_pipeline,
    };
    return made;
}

}  // namespace fiberlab::demos
