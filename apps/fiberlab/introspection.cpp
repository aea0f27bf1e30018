#include "apps/fiberlab/introspection.hpp"

#include <nlohmann/json.hpp>

#include "apps/fiberlab/global_options.hpp"
#include "apps/fiberlab/render/json.hpp"

namespace fiberlab::cli {

namespace {

using json = nlohmann::ordered_json;

std::string_view word(demo::option_type type) {
    switch (type) {
        case demo::option_type::count:
            return "count";
        case demo::option_type::duration:
            return "duration";
        case demo::option_type::ratio:
            return "ratio";
        case demo::option_type::text:
            return "text";
        case demo::option_type::choice:
            return "choice";
        case demo::option_type::flag:
            return "flag";
        case demo::option_type::path:
            break;
    }
    return "path";
}

std::string_view word(demo::operand_kind kind) {
    switch (kind) {
        case demo::operand_kind::files:
            return "files";
        case demo::operand_kind::command:
            return "command";
        case demo::operand_kind::words:
            return "words";
        case demo::operand_kind::none:
            break;
    }
    return "none";
}

json of(const std::vector<demo::option>& table) {
    json all = json::array();
    for (const demo::option& each : table) {
        all.push_back({{"name", each.name},
                       {"type", word(each.type)},
                       {"help", each.help},
                       {"default", each.initial},
                       {"max", each.max},
                       {"choices", each.choices},
                       {"variable", demo::environment_name(each)},
                       {"repeated", each.repeated}});
    }
    return all;
}

}  // namespace

std::string described(const command_list& commands) {
    json all = json::array();
    for (const demo::command* command : commands) {
        json examples = json::array();
        for (const demo::example& each : command->examples) {
            examples.push_back(
                {{"arguments", each.arguments}, {"exit_code", each.exit_code}, {"stdin", each.stdin_text}});
        }
        all.push_back({{"name", command->name},
                       {"summary", command->summary},
                       {"operands", word(command->operands)},
                       {"boost_channels", command->boost_channels},
                       {"options", of(command->options)},
                       {"examples", std::move(examples)}});
    }
    return render::dumped({{"commands", std::move(all)}, {"global_options", of(global_options())}}, 2) + "\n";
}

}  // namespace fiberlab::cli
