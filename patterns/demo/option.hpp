// option: a command's option as data. One table gives the command line, the environment (FIBERLAB_ITEMS), the JSON
// `parameters`, the completions and `--help`.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace fiberlab::demo {

enum class option_type : std::uint8_t {
    count,     // an integer; accepts 10k, 2M
    duration,  // 250ms, 5s, 1m; held in nanoseconds
    ratio,     // a number from min to max, e.g. 0.05; accepts 5%
    text,
    choice,  // one of `choices`
    flag,    // present or not; no value
    path,    // a file, or "-" where the help says so
};

struct option {
    std::string name{};  // kebab-case, without dashes
    option_type type = option_type::text;
    std::string help{};     // one line, no full stop
    std::string initial{};  // the default, written as a user would type it; empty = not set
    std::int64_t min = 0;   // of a count; of a duration in nanoseconds
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    std::vector<std::string> choices{};
    bool repeated = false;      // may be given several times; the values keep their order
    std::string environment{};  // the variable that sets it, when that is not FIBERLAB_<NAME>: "FIBERLAB_LOCK_URL"
};

std::string environment_name(const option& of);  // FIBERLAB_RUN_FOR for run-for, unless the option names its own

// The options that several commands share, so that they are named, explained and limited alike.
option items(std::string initial);
option workers(std::string initial);
option capacity(std::string initial);
option run_for(std::string initial);                                // --duration
option variant(std::vector<std::string> defects = {"as-written"});  // fixed | defects…
option input();                                                     // --input FILE|-

}  // namespace fiberlab::demo
