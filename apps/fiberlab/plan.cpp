#include "apps/fiberlab/plan.hpp"

#include <algorithm>

namespace fiberlab::cli {

namespace {

// "--time virtual", or "FIBERLAB_TIME=virtual": as the user gave it.
std::string as_given(const demo::parameters& globals, const std::string& name) {
    const std::string& origin = globals.origin(name);
    return origin.starts_with("--") ? "--" + name + " " + globals.text(name) : origin + "=" + globals.text(name);
}

std::string quoted(const std::string& word) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "-_./:,=@%+";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
        return word;
    }
    std::string text = "'";
    for (const char c : word) {
        text += c == '\'' ? std::string{"'\\''"} : std::string{c};
    }
    return text + "'";
}

}  // namespace

run_plan plan_run(const invocation& asked) {
    const demo::command& command = *asked.command;
    const demo::parameters& globals = asked.globals;
    const bool real_input = command.real_input && command.real_input(asked.options, asked.operands);
    const bool wants_virtual = globals.text("time") == "virtual";

    run_plan plan;
    plan.data_on_stdout = real_input && (!command.writes_data || command.writes_data(asked.options, asked.operands));
    if (real_input && wants_virtual) {
        throw demo::usage_error{as_given(globals, "time") +
                                ": files, child processes and servers know real time only; it is for the built-in "
                                "workload"};
    }
    plan.boost_channels = globals.text("channel") == "boost";
    if (plan.boost_channels && !command.boost_channels) {
        throw demo::usage_error{as_given(globals, "channel") + ": Boost's channels have no select, which '" +
                                command.name + "' needs; 'fiberlab pipeline' runs over them"};
    }
    if (plan.boost_channels && wants_virtual) {
        throw demo::usage_error{as_given(globals, "channel") +
                                ": Boost's channels know real time only, since they park fibers behind the back of the "
                                "virtual clock"};
    }
    if (real_input || plan.boost_channels || globals.text("time") == "real") {
        plan.time = demo::timing::real;
    }
    // In virtual time a run is over at once. A filter is quiet until its end, since its reader may go away before; who
    // looks after a program or a server tells what happens to it.
    const bool filter = plan.data_on_stdout &&
                        (command.operands == demo::operand_kind::none || command.operands == demo::operand_kind::files);
    plan.live = plan.time == demo::timing::real && !filter;
    plan.report_path = globals.text("report");
    if (plan.data_on_stdout && plan.report_path.empty() && globals.text("format") != "text") {
        const std::string& origin = globals.origin("format");
        throw demo::usage_error{(origin == "--json" ? origin : as_given(globals, "format")) +
                                " needs --report FILE here: standard output carries the data alone"};
    }
    if (plan.report_path == "-") {
        throw demo::usage_error{globals.origin("report") + ": needs a file's name; without it the report is printed"};
    }
    return plan;
}

std::string repeat_line(const invocation& asked, const run_plan& plan) {
    std::string line = "fiberlab " + asked.command->name;
    const auto add = [&](const std::string& word) { line += " " + word; };
    for (const demo::option& each : asked.options.table()) {
        if (!asked.options.given(each.name)) {
            continue;
        }
        if (each.type == demo::option_type::flag) {
            add("--" + each.name + (asked.options.flag(each.name) ? "" : "=false"));
        } else if (each.repeated) {
            for (const std::string& value : asked.options.list(each.name)) {
                add("--" + each.name + " " + quoted(value));
            }
        } else {
            add("--" + each.name + " " + quoted(asked.options.shown(each.name)));
        }
    }
    if (asked.globals.text("time") == "real") {
        add("--time real");
    }
    if (plan.boost_channels) {
        add("--channel boost");
    }
    add("--seed " + std::to_string(asked.globals.count("seed")));
    if (asked.command->operands == demo::operand_kind::command && !asked.operands.empty()) {
        add("--");
    }
    for (const std::string& word : asked.operands) {
        add(quoted(word));
    }
    return line;
}

}  // namespace fiberlab::cli
