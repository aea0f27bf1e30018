#include "apps/fiberlab/execute.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>

#include "apps/fiberlab/exit_code.hpp"
#include "apps/fiberlab/interrupt.hpp"
#include "apps/fiberlab/output.hpp"
#include "apps/fiberlab/plan.hpp"
#include "apps/fiberlab/progress.hpp"
#include "apps/fiberlab/render/json.hpp"
#include "apps/fiberlab/render/ndjson.hpp"
#include "apps/fiberlab/render/story.hpp"
#include "apps/fiberlab/terminal.hpp"
#include "apps/fiberlab/version.hpp"

namespace fiberlab::cli {

namespace {

// A line for each fiber: "left waits: lock on right fork, held by right"
std::string who_waits(const run_outcome& outcome) {
    std::string text;
    for (const blocked_fiber& each : outcome.blocked) {
        text += text.empty() ? "" : "\n";
        text += each.fiber + " waits: " + each.waits_for;
        if (!each.held_by.empty()) {
            text += ", held by " + each.held_by;
        }
    }
    return text;
}

std::unique_ptr<render::view> view_for(const invocation& asked, output& report, int descriptor) {
    const std::string& format = asked.globals.text("format");
    if (format == "json") {
        return std::make_unique<render::json_view>(report);
    }
    if (format == "ndjson") {
        return std::make_unique<render::ndjson_view>(report);
    }
    const bool terminal = descriptor >= 0 && is_terminal(descriptor);
    return std::make_unique<render::story_view>(
        report, render::story_settings{
                    .events = static_cast<std::size_t>(asked.globals.count("events")),
                    .everything = asked.globals.flag("verbose"),
                    .only_result = asked.globals.flag("quiet") && !asked.globals.flag("verbose"),
                    .coloured = wants_colour(asked.globals.text("color"), process_environment, terminal),
                    .width = width_of(descriptor),
                });
}

std::optional<duration> planned_duration(const demo::parameters& options) {
    const bool has = std::ranges::any_of(options.table(), [](const demo::option& each) {
        return each.name == "duration" && each.type == demo::option_type::duration;
    });
    return has && options.has_value("duration") ? std::optional{options.duration("duration")} : std::nullopt;
}

// Where a story on a terminal and a progress line would write over each other's data there is none.
bool shows_progress(const invocation& asked, const run_plan& plan) {
    return plan.time == demo::timing::real && !asked.globals.flag("quiet") && is_terminal(STDERR_FILENO) &&
           process_environment("TERM").value_or("dumb") != "dumb" &&
           !(plan.data_on_stdout && is_terminal(STDOUT_FILENO));
}

}  // namespace

demo::report with_standard_invariants(demo::report report, const run_outcome& outcome) {
    using kind = run_outcome::kind;
    const std::string waiting = who_waits(outcome);
    report.check("no deadlock", outcome.how != kind::deadlock, outcome.fibers,
                 outcome.how == kind::deadlock ? waiting : "");
    report.check("every fiber ended", outcome.how != kind::leak, outcome.fibers,
                 outcome.how == kind::leak ? waiting : "");
    if (outcome.how == kind::livelock) {
        report.check("time goes on (no livelock)", false, outcome.steps, outcome.message);
    }
    if (outcome.unguarded_stacks != 0) {
        report.notes.push_back(std::to_string(outcome.unguarded_stacks) +
                               " fibers ran without a guard page under their stacks: see vm.max_map_count in "
                               "'fiberlab doctor'.");
    }
    return report;
}

int exit_code_of(const demo::report& report, demo::verdict verdict, int interrupted_by) {
    if (interrupted_by != 0) {
        return report.exit_code.value_or(exit_code::signalled + interrupted_by);
    }
    if (verdict == demo::verdict::broken) {
        return exit_code::broken;
    }
    if (report.exit_code) {
        return *report.exit_code;
    }
    return verdict == demo::verdict::held ? exit_code::done : exit_code::inconclusive;
}

int execute(const invocation& asked) {
    const run_plan plan = plan_run(asked);
    screen shared;
    const int report_to = !plan.report_path.empty() ? -1 : (plan.data_on_stdout ? STDERR_FILENO : STDOUT_FILENO);
    output report_out =
        report_to < 0 ? output{plan.report_path, asked.globals.origin("report")} : output{report_to, &shared};
    report_out.on_end([] { request_interrupt(SIGPIPE); });

    render::run_facts facts{.version = std::string{version},
                            .command = asked.command,
                            .options = &asked.options,
                            .operands = asked.operands,
                            .seed = static_cast<std::uint64_t>(asked.globals.count("seed")),
                            .time = plan.time,
                            .boost_channels = plan.boost_channels,
                            .live = plan.live,
                            .repeat = repeat_line(asked, plan)};
    const std::unique_ptr<render::view> view = view_for(asked, report_out, report_to);
    demo::progress_meter meter;
    demo::report report;

    catch_interrupts();
    view->begin(facts);
    const auto root = [&] {
        report = asked.command->run(demo::stage{.options = asked.options,
                                                .operands = asked.operands,
                                                .seed = facts.seed,
                                                .time = plan.time,
                                                .boost_channels = plan.boost_channels,
                                                .stop = run_stop(),
                                                .meter = &meter});
    };
    run_outcome outcome;
    {
        std::optional<progress> line;
        if (shows_progress(asked, plan)) {
            line.emplace(asked.command->name, planned_duration(asked.options), meter, shared);
        }
        outcome = run({.mode = plan.time == demo::timing::real ? run_mode::real : run_mode::virtual_time,
                       .seed = facts.seed,
                       .sink = view.get()},
                      root);
    }
    report_out.check();
    if (report.output_closed || report_out.closed()) {
        report_out.discard();
        return exit_code::done;
    }
    if (outcome.how == run_outcome::kind::exception) {
        report_out.flush();
        std::rethrow_exception(outcome.error);
    }
    report = with_standard_invariants(std::move(report), outcome);
    const demo::verdict verdict = demo::judge(report);
    const int code = exit_code_of(report, verdict, outcome.interrupted_by);
    view->end(facts, {.report = std::move(report),
                      .verdict = verdict,
                      .elapsed = outcome.elapsed,
                      .trace_hash = outcome.trace_hash,
                      .interrupted_by = outcome.interrupted_by != 0 ? signal_name(outcome.interrupted_by) : "",
                      .exit_code = code});
    report_out.check();
    return report_out.closed() ? exit_code::done : code;
}

}  // namespace fiberlab::cli
