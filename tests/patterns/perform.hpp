// perform: a demo run as the program would run it, without the program.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "patterns/core/fiber.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/demo/command.hpp"
#include "patterns/demo/parameters.hpp"
#include "patterns/demo/report.hpp"

namespace fiberlab::test {

using options_given = std::vector<std::pair<std::string, std::string>>;

struct performance {
    options_given options{};
    std::vector<std::string> operands{};
    run_settings settings{};  // virtual time, seed 1
    bool exploring = false;
    // Runs beside the demo and may interrupt it, as SIGINT would.
    std::function<void(const stop_source& interrupt)> beside{};
};

struct performed {
    demo::report report;
    run_outcome outcome;
    std::string usage;  // of a usage_error
};

inline performed perform(const demo::command& command, const performance& what) {
    demo::parameters chosen{command.options};
    for (const auto& [key, value] : what.options) {
        chosen.set(key, value);
    }
    performed done;
    done.outcome = run(what.settings, [&] {
        const stop_source interrupt{"interrupt"};
        fiber other;
        if (what.beside) {
            other = spawn("beside", [&] { what.beside(interrupt); });
        }
        try {
            done.report = command.run({.options = chosen,
                                       .operands = what.operands,
                                       .seed = what.settings.seed,
                                       .stop = interrupt.token(),
                                       .exploring = what.exploring});
        } catch (const demo::usage_error& error) {
            done.usage = error.what();
        }
    });
    return done;
}

inline std::int64_t count_of(const demo::report& report, std::string_view key) {
    for (const auto& [each, value] : report.counts) {
        if (each == key) {
            return value;
        }
    }
    return -1;
}

}  // namespace fiberlab::test
