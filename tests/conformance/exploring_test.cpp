// Every command has a workload small enough to be explored: its schedules grow exponentially with fibers and points.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "apps/fiberlab/commands.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/demo/command.hpp"

using namespace fiberlab;

namespace {

constexpr std::uint64_t most_fibers = 4;
constexpr std::uint64_t most_points = 100;

struct explored {
    run_outcome outcome;
    demo::report report;
};

explored run_small(const demo::command& command, const std::string& variant, std::uint64_t seed) {
    demo::parameters options{command.options};
    if (!variant.empty()) {
        options.set("variant", variant);
    }
    const std::vector<std::string> no_operands;
    explored result;
    result.outcome = run({.seed = seed}, [&] {
        result.report = command.run(
            {.options = options, .operands = no_operands, .seed = seed, .stop = run_stop(), .exploring = true});
    });
    return result;
}

bool runs_in_virtual_time(const demo::command& command) {
    return !command.real_input || !command.real_input(demo::parameters{command.options}, {});
}

}  // namespace

TEST_CASE("the workload for exploring is small, and holds on every schedule that is tried") {
    for (const demo::command* command : all_commands()) {
        if (!runs_in_virtual_time(*command)) {
            continue;
        }
        CAPTURE(command->name);
        std::uint64_t longest = 0;
        for (std::uint64_t seed = 1; seed <= 50; ++seed) {
            const explored small = run_small(*command, "", seed);
            CAPTURE(seed);
            REQUIRE_MESSAGE(small.outcome.how == run_outcome::kind::completed, small.outcome.message);
            REQUIRE(demo::judge(small.report) != demo::verdict::broken);
            REQUIRE(small.outcome.fibers <= most_fibers);
            longest = std::max(longest, small.outcome.steps);
        }
        CHECK(longest <= most_points);
        MESSAGE(command->name << ": at most " << longest << " points");
    }
}

TEST_CASE("a variant that is broken breaks its small workload too, on some schedule") {
    for (const demo::command* command : all_commands()) {
        const auto variant = std::ranges::find(command->options, "variant", &demo::option::name);
        if (variant == command->options.end() || !runs_in_virtual_time(*command)) {
            continue;
        }
        for (const std::string& choice : variant->choices) {
            if (choice == "fixed") {
                continue;
            }
            CAPTURE(command->name);
            CAPTURE(choice);
            int broken = 0;
            for (std::uint64_t seed = 1; seed <= 300; ++seed) {
                const explored small = run_small(*command, choice, seed);
                broken += small.outcome.how != run_outcome::kind::completed ||
                                  demo::judge(small.report) == demo::verdict::broken
                              ? 1
                              : 0;
            }
            MESSAGE(command->name << " " << choice << ": " << broken << " of 300 schedules");
            CHECK(broken > 0);
        }
    }
}
