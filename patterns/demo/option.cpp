#include "patterns/demo/option.hpp"

#include <utility>

namespace fiberlab::demo {

std::string environment_name(const option& of) {
    if (!of.environment.empty()) {
        return of.environment;
    }
    std::string variable = "FIBERLAB_";
    for (const char c : of.name) {
        variable += c == '-' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    }
    return variable;
}

option items(std::string initial) {
    return {.name = "items",
            .type = option_type::count,
            .help = "how many values go through",
            .initial = std::move(initial),
            .min = 1};
}

option workers(std::string initial) {
    return {.name = "workers",
            .type = option_type::count,
            .help = "how many fibers share the work",
            .initial = std::move(initial),
            .min = 1,
            .max = 1'000'000};
}

option capacity(std::string initial) {
    return {.name = "capacity",
            .type = option_type::count,
            .help = "how many values a channel holds; 0: sender and receiver meet",
            .initial = std::move(initial),
            .max = 1'000'000'000};
}

option run_for(std::string initial) {
    return {.name = "duration",
            .type = option_type::duration,
            .help = "how long the workload goes on",
            .initial = std::move(initial),
            .min = 1};
}

option variant(std::vector<std::string> defects) {
    option made{.name = "variant",
                .type = option_type::choice,
                .help = "the correct one, or one with a known defect",
                .initial = "fixed",
                .choices = {"fixed"}};
    for (std::string& defect : defects) {
        made.choices.push_back(std::move(defect));
    }
    return made;
}

option input() {
    return {.name = "input", .type = option_type::path, .help = "read real input from FILE; - is standard input"};
}

}  // namespace fiberlab::demo
