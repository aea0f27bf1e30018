#include "tests/cli/every_command.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/paths.hpp"

namespace fiberlab::test {

namespace {

using nlohmann::json;

std::vector<described_option> options_in(const json& list) {
    std::vector<described_option> options;
    for (const json& each : list) {
        options.push_back({.name = each.at("name"),
                           .type = each.at("type"),
                           .help = each.at("help"),
                           .variable = each.at("variable"),
                           .max = each.at("max"),
                           .choices = each.at("choices")});
    }
    return options;
}

const json& description() {
    static const json all = json::parse(run({.arguments = {std::string{program()}, "__commands"}}).out);
    return all;
}

}  // namespace

const described_option* described_command::find_option(const std::string& option) const {
    const auto found = std::ranges::find(options, option, &described_option::name);
    return found == options.end() ? nullptr : &*found;
}

const std::vector<described_command>& every_command() {
    static const std::vector<described_command> all = [] {
        std::vector<described_command> commands;
        for (const json& each : description().at("commands")) {
            described_command command{.name = each.at("name"),
                                      .summary = each.at("summary"),
                                      .operands = each.at("operands"),
                                      .options = options_in(each.at("options")),
                                      .examples = {}};
            for (const json& example : each.at("examples")) {
                command.examples.push_back({.arguments = example.at("arguments"),
                                            .exit_code = example.at("exit_code"),
                                            .input = example.at("stdin")});
            }
            commands.push_back(std::move(command));
        }
        return commands;
    }();
    return all;
}

const std::vector<described_option>& global_options() {
    static const std::vector<described_option> all = options_in(description().at("global_options"));
    return all;
}

launch shell_line(const std::string& arguments, const std::string& before) {
    return {.arguments = {"sh", "-c", "exec \"$0\" " + before + " " + arguments, std::string{program()}}};
}

launch showcase(const described_command& command, const std::string& before) {
    return shell_line(command.examples.front().arguments, before);
}

}  // namespace fiberlab::test
