#include "apps/fiberlab/command_line.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "apps/fiberlab/global_options.hpp"
#include "apps/fiberlab/grammar.hpp"
#include "apps/fiberlab/suggest.hpp"

namespace fiberlab::cli {

namespace {

using demo::option;
using action = invocation::action;

std::vector<std::string> names_of(const std::vector<option>& table) {
    std::vector<std::string> names;
    for (const option& each : table) {
        names.push_back("--" + each.name);
    }
    return names;
}

bool has(const std::vector<option>& table, const std::string& typed) {
    return std::ranges::any_of(table, [&](const option& each) { return "--" + each.name == typed; });
}

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& candidates) {
    const auto near = closest(typed, candidates);
    return near ? "; did you mean " + *near + "?" : "";
}

[[noreturn]] void unknown_command(const grammar& words, const std::string& typed, const command_list& commands) {
    const std::string inside = words.path();
    const std::string full = inside.empty() ? typed : inside + " " + typed;
    std::vector<std::string> candidates;
    for (const demo::command* each : commands) {
        candidates.push_back(each->name);
        // `fiberlab contend` is most likely meant for `lock contend`.
        if (each->name.ends_with(" " + full)) {
            throw bad_command_line{"there is no command '" + full + "'; did you mean " + each->name + "?", ""};
        }
    }
    if (inside.empty()) {
        for (const auto& [name, _] : built_in_commands()) {
            candidates.push_back(name);
        }
    }
    throw bad_command_line{"there is no command '" + full + "'" + did_you_mean(full, candidates), inside};
}

[[noreturn]] void unknown_option(const grammar& words, std::string typed, const command_list& commands) {
    typed = typed.substr(0, typed.find('='));
    std::vector<std::string> candidates = names_of(global_options());
    std::ranges::copy(names_of(global_switches()), std::back_inserter(candidates));
    if (const demo::command* command = words.command()) {
        if (has(command->options, typed)) {
            throw bad_command_line{
                typed + " belongs after the command's name: fiberlab " + command->name + " " + typed + " …",
                command->name};
        }
        std::ranges::copy(names_of(command->options), std::back_inserter(candidates));
        throw bad_command_line{command->name + " has no option " + typed + did_you_mean(typed, candidates),
                               command->name};
    }
    for (const demo::command* each : commands) {
        if (has(each->options, typed)) {
            throw bad_command_line{typed + " is an option of a command: fiberlab " + each->name + " " + typed + " …",
                                   ""};
        }
    }
    throw bad_command_line{"there is no option " + typed + did_you_mean(typed, candidates), words.path()};
}

bool looks_like_option(const std::string& word) {
    return word.size() > 1 && word.front() == '-';
}

// The operands that the command was given, those after "--" included.
std::vector<std::string> operands_of(const grammar& words, const std::vector<std::string>& rest,
                                     const std::vector<std::string>& after_dashes, bool dashes) {
    const demo::command& command = *words.command();
    const auto refuse = [&](const std::string& why) { throw bad_command_line{why, command.name}; };
    switch (command.operands) {
        case demo::operand_kind::none:
            if (!rest.empty() || dashes) {
                refuse(command.name + " takes no operand" + (rest.empty() ? "" : ": '" + rest.front() + "'"));
            }
            return {};
        case demo::operand_kind::command:
            if (!rest.empty()) {
                refuse("the command to run goes after --: fiberlab " + command.name + " -- " + rest.front() + " …");
            }
            if (dashes && after_dashes.empty()) {
                refuse("there is no command after --");
            }
            return after_dashes;
        case demo::operand_kind::files:
        case demo::operand_kind::words:
            break;
    }
    std::vector<std::string> all = rest;
    std::ranges::copy(after_dashes, std::back_inserter(all));
    if (command.operands == demo::operand_kind::words) {
        for (const std::string& word : all) {
            if (std::ranges::find(command.operand_words, word) == command.operand_words.end()) {
                refuse(command.name + " knows no '" + word + "'" + did_you_mean(word, command.operand_words));
            }
        }
    }
    return all;
}

using typed_values = std::function<std::vector<std::string>(const std::string& option)>;

// Of each option: the command line if it is there, else the environment, else the default.
void fill(demo::parameters& into, const typed_values& typed, const environment& variables) {
    for (const option& each : into.table()) {
        const std::vector<std::string> values = typed(each.name);
        if (!values.empty()) {
            for (const std::string& value : values) {
                into.set(each.name, value);
            }
            continue;
        }
        const std::string variable = demo::environment_name(each);
        const std::optional<std::string> value = variables(variable);
        if (!value || value->empty()) {
            continue;
        }
        // Several values of a repeated option stand on lines of their own.
        for (std::size_t begin = 0; begin <= value->size();) {
            const std::size_t end = each.repeated ? std::min(value->find('\n', begin), value->size()) : value->size();
            into.set(each.name, value->substr(begin, end - begin), variable);
            begin = end + 1;
        }
    }
}

}  // namespace

const std::vector<std::pair<std::string, std::string>>& built_in_commands() {
    static const std::vector<std::pair<std::string, std::string>> all{
        {"help", "what a command does; also help exit-codes, help environment"},
        {"doctor", "what this machine has for fiberlab, and what it lacks"},
        {"completion", "a script that completes command lines in bash, zsh or fish"},
    };
    return all;
}

invocation read_command_line(const std::vector<std::string>& arguments, const command_list& commands,
                             const environment& variables) {
    // What follows "--" is the user's, whatever it looks like; CLI11 never sees it.
    const auto dashes = std::ranges::find(arguments, "--");
    const bool has_dashes = dashes != arguments.end();
    const std::vector<std::string> after_dashes(has_dashes ? dashes + 1 : dashes, arguments.end());

    std::vector<std::string> built_in;
    for (const auto& [name, _] : built_in_commands()) {
        built_in.push_back(name);
    }
    grammar words{commands, built_in};
    try {
        words.parse({arguments.begin(), dashes});
    } catch (const bad_words& error) {
        throw bad_command_line{error.what(), words.path()};
    }

    const demo::command* const command = words.command();
    invocation asked{.command = command,
                     .options = demo::parameters{command != nullptr ? command->options : std::vector<option>{}},
                     .globals = demo::parameters{global_options()}};
    std::vector<std::string> rest = words.rest();
    if (const auto strange = std::ranges::find_if(rest, looks_like_option); strange != rest.end()) {
        unknown_option(words, *strange, commands);
    }
    const std::string path = words.path();
    try {
        fill(asked.globals, [&](const std::string& name) { return words.values_of_global(name); }, variables);
        if (words.given("version")) {
            asked.what = action::version;
        } else if (words.given("help") || path == "help") {
            asked.what = action::help;
            asked.words = std::move(rest);
            if (path != "help" && !path.empty()) {
                asked.words = {path};
            }
        } else if (path == "completion" || path == "doctor") {
            asked.what = path == "doctor" ? action::doctor : action::completion;
            asked.words = std::move(rest);
        } else if (command == nullptr) {
            if (!rest.empty()) {
                unknown_command(words, rest.front(), commands);
            }
            if (words.given("explain")) {
                throw bad_command_line{"--explain needs a command: fiberlab tee --explain", ""};
            }
            asked.what = path.empty() ? action::overview : action::help;
            asked.words = path.empty() ? std::vector<std::string>{} : std::vector{path};
        } else if (words.given("explain")) {
            asked.what = action::explain;
        } else {
            asked.what = action::run;
            asked.operands = operands_of(words, rest, after_dashes, has_dashes);
            fill(asked.options, [&](const std::string& name) { return words.values_of(name); }, variables);
        }
        if (words.given("json")) {
            if (asked.globals.given("format") && asked.globals.origin("format") == "--format" &&
                asked.globals.text("format") != "json") {
                throw bad_command_line{"--json means --format json: give one of the two", path};
            }
            asked.globals.set("format", "json", "--json");
        }
    } catch (const bad_command_line&) {
        throw;
    } catch (const demo::usage_error& error) {
        throw bad_command_line{error.what(), path};
    }
    return asked;
}

}  // namespace fiberlab::cli
