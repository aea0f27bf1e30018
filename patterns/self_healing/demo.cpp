#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "explanations/self_healing.hpp"
#include "patterns/demo/command.hpp"
#include "patterns/self_healing/supervisor.hpp"
#include "patterns/self_healing/workload.hpp"

namespace fiberlab::demos {

namespace {

using namespace std::chrono_literals;

// An option that would have no effect. One from the environment may well be meant for other runs.
void refuse(const demo::stage& on, std::initializer_list<std::string_view> names, std::string_view why) {
    for (const std::string_view each : names) {
        if (on.options.origin(each).starts_with("--")) {
            throw demo::usage_error{"--" + std::string{each} + " " + std::string{why}};
        }
    }
}

// The child's end, as the story tells it.
void tell_end(const demo::stage& on, const ward_report& ended) {
    const auto run = static_cast<std::int64_t>(ended.run);
    switch (ended.result.how) {
        case ward_end::stopped:
            on.tell("stopped", "child", {{"run", run}});
            return;
        case ward_end::hopeless:
            return;
        case ward_end::finished:
        case ward_end::failed:
        case ward_end::silent:
            break;
    }
    const std::string why = ended.result.how == ward_end::finished ? "finished" : ended.result.why;
    if (ended.restart_in) {
        on.tell("restart", "child", {{"run", run}, {"pause_ns", ended.restart_in->count()}}, why);
    } else if (ended.result.how == ward_end::finished) {
        on.tell("finish", "child", {{"runs", run}});
    } else {
        on.tell("give_up", "child", {{"runs", run}}, why + ", and the restart budget is spent");
    }
}

demo::report supervise_child(const demo::stage& on) {
    refuse(on, {"items", "interval", "variant"}, "is of the built-in wards: a child process takes no such thing");
    const demo::parameters& options = on.options;
    demo::latency pauses;
    std::int64_t failures = 0;
    std::int64_t silences = 0;
    supervisor_settings settings{.command = on.operands,
                                 .timeout = options.has_value("timeout") ? options.duration("timeout") : 0ns,
                                 .grace = options.duration("grace")};
    settings.keep = {.restarts = {.restarts = static_cast<std::size_t>(options.count("restarts")),
                                  .window = options.duration("window"),
                                  .back_off = options.duration("back-off"),
                                  .most = options.duration("max-back-off")},
                     .always = options.flag("always"),
                     .on_end = [&](const ward_report& ended) {
                         failures += ended.result.how == ward_end::failed ? 1 : 0;
                         silences += ended.result.how == ward_end::silent ? 1 : 0;
                         if (ended.restart_in) {
                             pauses.record(*ended.restart_in);
                         }
                         tell_end(on, ended);
                     }};
    settings.on_start = [&](std::size_t run, const process& child) {
        on.tell("start", "child", {{"run", static_cast<std::int64_t>(run)}, {"pid", std::to_string(child.id())}});
    };
    settings.on_silence = [&](const process& child, duration silent) {
        on.tell("silent", "child", {{"pid", std::to_string(child.id())}, {"silent_ns", silent.count()}},
                "no output: it is ended");
    };
    const supervision done = supervise(settings, on.stop);
    if (done.kept.last.how == ward_end::hopeless) {
        throw demo::start_failure{done.kept.last.why, done.exit_code};
    }
    demo::report made;
    made.output_closed = done.output_closed;
    if (!on.stop.stop_requested()) {
        made.exit_code = done.exit_code;
    }
    demo::latency lived;
    std::uint64_t remained = 0;
    for (const child_run& each : done.runs) {
        lived.record(each.lived);
        remained += each.gone ? 0 : 1;
    }
    made.count("starts", static_cast<std::int64_t>(done.runs.size()));
    made.count("restarts", static_cast<std::int64_t>(pauses.summary().count));
    made.count("failures", failures);
    made.count("silences", silences);
    made.count("last_exit_code", done.exit_code);
    made.timing("lived", lived);
    made.timing("pause_before_restart", pauses);
    made.check("each child had gone, with its process group, before anything else was started", remained == 0,
               done.runs.size());
    return made;
}

}  // namespace

const demo::command& self_healing() {
    static const demo::command made{
        .name = "self-healing",
        .in = demo::group::resilience,
        .summary = "a steward restarts what hangs or fails, within a budget",
        .options = {{.name = "items",
                     .type = demo::option_type::count,
                     .help = "things each built-in ward has to do",
                     .initial = "6",
                     .min = 1,
                     .max = 1'000'000},
                    {.name = "interval",
                     .type = demo::option_type::duration,
                     .help = "a built-in ward pulses this often",
                     .initial = "10ms",
                     .min = 1'000'000,
                     .max = 3'600'000'000'000},
                    {.name = "timeout",
                     .type = demo::option_type::duration,
                     .help = "silence that means a hang (default: 4 intervals; for CMD 0, only its exit counts)",
                     .max = 86'400'000'000'000},
                    {.name = "restarts",
                     .type = demo::option_type::count,
                     .help = "the restart budget: so many within --window",
                     .initial = "5",
                     .max = 1'000'000},
                    {.name = "window",
                     .type = demo::option_type::duration,
                     .help = "what the budget is counted over",
                     .initial = "1min",
                     .min = 1'000'000},
                    {.name = "back-off",
                     .type = demo::option_type::duration,
                     .help = "the first pause before a restart; it doubles, and up to half of it is left out",
                     .initial = "100ms",
                     .max = 86'400'000'000'000},
                    {.name = "max-back-off",
                     .type = demo::option_type::duration,
                     .help = "the longest pause",
                     .initial = "10s",
                     .max = 86'400'000'000'000},
                    {.name = "always", .type = demo::option_type::flag, .help = "restart CMD after exit code 0, too"},
                    {.name = "grace",
                     .type = demo::option_type::duration,
                     .help = "time CMD has to end after a signal, before it is killed",
                     .initial = "5s",
                     .max = 86'400'000'000'000},
                    demo::variant({"as-written", "closed-heartbeat"})},
        .examples = {{.arguments = "self-healing",
                      .shows = "four wards: one works, one hangs, one fails twice, one always fails"},
                     {.arguments = "self-healing --variant as-written",
                      .shows = "the hung ward is not waited for: two at once",
                      .exit_code = 4},
                     {.arguments = "self-healing --variant closed-heartbeat",
                      .shows = "a closed heartbeat read as healthy: a busy steward, no restart",
                      .exit_code = 4},
                     {.arguments = "self-healing --restarts 2 --back-off 10ms -- sh -c 'echo working; exit 3'",
                      .shows = "a child that fails: two restarts, then its exit code",
                      .exit_code = 3}},
        .explanation = self_healing_explanation(),
        .operands = demo::operand_kind::command,
        .real_input = [](const demo::parameters& /*options*/,
                         const std::vector<std::string>& operands) { return !operands.empty(); },
        .run =
            [](const demo::stage& on) {
                if (!on.operands.empty()) {
                    return supervise_child(on);
                }
                refuse(on, {"always", "grace"}, "is for a child process: give one after --");
                return keep_wards(on);
            }};
    return made;
}

}  // namespace fiberlab::demos
