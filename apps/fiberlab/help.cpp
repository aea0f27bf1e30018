#include "apps/fiberlab/help.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "apps/fiberlab/exit_code.hpp"
#include "apps/fiberlab/global_options.hpp"
#include "apps/fiberlab/render/text.hpp"
#include "apps/fiberlab/render/units.hpp"
#include "apps/fiberlab/suggest.hpp"

namespace fiberlab::cli {

namespace {

using demo::option;
using demo::option_type;
using render::tint;

constexpr std::string_view one_sentence =
    "fiberlab runs concurrency patterns and distributed locks on fibers, shows what\n"
    "happens, and checks that each keeps its promises.\n";

// "1 or more; default 10", "may be repeated"
std::string limits_of(const option& of) {
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
    if (of.type == option_type::choice && value_name(of) != joined_choices(of)) {
        add(joined_choices(of));
    }
    if (of.type == option_type::count && of.max != std::numeric_limits<std::int64_t>::max()) {
        add(render::grouped(of.min) + " to " + render::grouped(of.max));
    } else if (of.type == option_type::count && of.min > 0) {
        add(render::grouped(of.min) + " or more");
    }
    if (of.repeated) {
        add("may be repeated");
    }
    if (!of.initial.empty() && of.type != option_type::flag) {
        add("default " + of.initial);
    }
    return text;
}

std::string explained(const option& of) {
    const std::string limits = limits_of(of);
    return limits.empty() ? of.help : of.help + " (" + limits + ")";
}

std::string operands_of(const demo::command& command) {
    switch (command.operands) {
        case demo::operand_kind::files:
            return " [FILE…]";
        case demo::operand_kind::command:
            return " [-- CMD ARG…]";
        case demo::operand_kind::words: {
            std::string words;
            for (const std::string& word : command.operand_words) {
                words += (words.empty() ? "" : "|") + word;
            }
            return " " + words + "…";
        }
        case demo::operand_kind::none:
            break;
    }
    return "";
}

std::string first_word(const std::string& name) {
    return name.substr(0, name.find(' '));
}

}  // namespace

std::string help_writer::heading(std::string_view text) const {
    return "\n" + style_.in(tint::heading, text) + "\n";
}

std::string help_writer::rows(const std::vector<row>& all) const {
    std::size_t width = 0;
    for (const row& each : all) {
        width = std::max(width, render::columns(each.left));
    }
    width = std::min<std::size_t>(width, 26);
    const std::size_t indent = 2 + width + 2;
    const std::size_t room = width_ > indent + 20 ? width_ - indent : 20;
    std::string text;
    for (const row& each : all) {
        std::string before = "  " + render::left(each.left, width) + "  ";
        if (render::columns(each.left) > width) {
            text += "  " + each.left + "\n";
            before = std::string(indent, ' ');
        }
        for (const std::string& line : render::wrapped(each.right, room)) {
            text += before + line + "\n";
            before = std::string(indent, ' ');
        }
    }
    return text;
}

std::string help_writer::table(const std::vector<option>& options) const {
    std::vector<row> all;
    for (const option& each : options) {
        all.push_back({spelled(each), explained(each)});
    }
    return rows(all);
}

// One width for all groups, so that the whole page lines up.
std::size_t help_writer::name_width() const {
    std::size_t width = 0;
    for (const auto& [name, _] : built_in_commands()) {
        width = std::max(width, render::columns(name));
    }
    for (const demo::command* each : commands_) {
        width = std::max(width, render::columns(each->name));
    }
    return width;
}

std::string help_writer::command_rows(const std::vector<const demo::command*>& of) const {
    std::vector<row> all;
    for (const demo::command* each : of) {
        all.push_back({render::left(each->name, name_width()), each->summary});
    }
    return rows(all);
}

std::string help_writer::all_in_groups() const {
    std::map<demo::group, std::vector<const demo::command*>> groups;
    for (const demo::command* each : commands_) {
        groups[each->in].push_back(each);
    }
    std::string text;
    for (const auto& [in, members] : groups) {
        text += heading(demo::title(in)) + command_rows(members);
    }
    return text;
}

std::string help_writer::overview() const {
    std::string text{one_sentence};
    text += heading("Try");
    std::vector<row> examples;
    for (const demo::command* each : commands_) {
        if (!each->examples.empty() && examples.size() < 2) {
            examples.push_back({"fiberlab " + each->examples.front().arguments, each->examples.front().shows});
        }
    }
    text += rows(examples);
    text += all_in_groups();
    text += heading("The program itself");
    std::vector<row> own;
    for (const auto& [name, summary] : built_in_commands()) {
        own.push_back({render::left(name, name_width()), summary});
    }
    text += rows(own);
    text += "\nfiberlab COMMAND --help shows a command's options, --explain what it is about.\n";
    return text;
}

std::string help_writer::about(const demo::command& command) const {
    const std::string title = "fiberlab " + command.name;
    std::string text;
    for (const std::string& line : render::wrapped(render::glued(title) + ": " + command.summary, width_)) {
        const std::size_t named = text.empty() ? title.size() : 0;
        text += style_.in(tint::bold, line.substr(0, named)) + line.substr(named) + "\n";
    }
    text += heading("Examples");
    for (const demo::example& each : command.examples) {
        text += "  fiberlab " + each.arguments + "\n";
        const std::string shows =
            each.shows + (each.exit_code == 0 ? "" : " (exit code " + std::to_string(each.exit_code) + ")");
        for (const std::string& line : render::wrapped(shows, width_ - 6)) {
            text += "      " + style_.in(tint::dim, line) + "\n";
        }
    }
    text += heading("Usage");
    text += "  fiberlab " + command.name + (command.options.empty() ? "" : " [OPTION…]") + operands_of(command) + "\n";
    if (!command.options.empty()) {
        text += heading("Options") + table(command.options);
    }
    text += heading("Options of every command");
    std::vector<option> shared = global_options();
    std::ranges::copy(global_switches(), std::back_inserter(shared));
    text += table(shared);
    text += "\nTimes are written 250ms, 5s or 1m30s, counts 500, 10k or 2M.\n";
    text += "See also: fiberlab help exit-codes, fiberlab help environment.\n";
    return text;
}

std::string help_writer::group(const std::string& word) const {
    std::vector<const demo::command*> members;
    for (const demo::command* each : commands_) {
        if (each->name.starts_with(word + " ")) {
            members.push_back(each);
        }
    }
    return members.empty() ? "" : "fiberlab " + word + " has these commands:\n\n" + command_rows(members);
}

std::string help_writer::exit_codes() const {
    std::vector<row> all;
    for (const exit_code::meaning& each : exit_code::all()) {
        all.push_back({std::string{each.code}, std::string{each.text}});
    }
    return "What fiberlab ends with:\n\n" + rows(all);
}

std::string help_writer::variables() const {
    std::string text =
        "Every option has a variable; an option on the command line beats it. An empty\n"
        "one counts as not set. Of an option that may be repeated, each value stands on a\n"
        "line of its own.\n";
    text += heading("For every command");
    std::vector<row> all;
    for (const option& each : global_options()) {
        all.push_back({demo::environment_name(each), "--" + each.name});
    }
    text += rows(all);
    text += heading("For the commands that have the option");
    std::map<std::string, std::string> of_commands;
    for (const demo::command* command : commands_) {
        for (const option& each : command->options) {
            std::string& users = of_commands[demo::environment_name(each)];
            users += (users.empty() ? "--" + each.name + ": " : ", ") + command->name;
        }
    }
    all.clear();
    for (const auto& [variable, users] : of_commands) {
        all.push_back({variable, users});
    }
    text += rows(all);
    text += heading("Colour");
    text += rows({{"NO_COLOR", "when not empty: no colour"},
                  {"CLICOLOR_FORCE", "when neither empty nor 0: colour, terminal or not"},
                  {"TERM", "dumb: no colour, no progress"}});
    return text;
}

std::string help_writer::built_in(const std::string& name) const {
    if (name == "help") {
        return "fiberlab help [COMMAND|exit-codes|environment]\n\nWithout a topic: all commands in their groups.\n" +
               all_in_groups();
    }
    if (name == "doctor") {
        return "fiberlab doctor [--json]\n\n"
               "Says what this machine has for fiberlab: servers and their versions, room and\n"
               "path length for sockets, the terminal, limits. Exit code 0 when every command\n"
               "can run, 3 when a server is missing or can't be started.\n";
    }
    return "fiberlab completion bash|zsh|fish\n\n"
           "Prints a script that completes commands, options and their values:\n\n"
           "  bash   source <(fiberlab completion bash)\n"
           "  zsh    source <(fiberlab completion zsh)\n"
           "  fish   fiberlab completion fish | source\n";
}

std::string help_writer::about(const std::string& topic) const {
    const auto found = std::ranges::find(commands_, topic, &demo::command::name);
    if (found != commands_.end()) {
        return about(**found);
    }
    if (topic == "exit-codes") {
        return exit_codes();
    }
    if (topic == "environment") {
        return variables();
    }
    if (const std::string members = group(topic); !members.empty()) {
        return members;
    }
    std::vector<std::string> topics{"exit-codes", "environment"};
    for (const auto& [name, _] : built_in_commands()) {
        if (name == topic) {
            return built_in(name);
        }
        topics.push_back(name);
    }
    for (const demo::command* each : commands_) {
        topics.push_back(each->name);
        topics.push_back(first_word(each->name));
    }
    const auto near = closest(topic, topics);
    throw bad_command_line{"there is no help on '" + topic + "'" + (near ? "; did you mean " + *near + "?" : ""), ""};
}

}  // namespace fiberlab::cli
