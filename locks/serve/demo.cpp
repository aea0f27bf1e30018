#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "explanations/lock_serve.hpp"
#include "locks/serve/serve.hpp"
#include "patterns/core/byte_stream.hpp"
#include "patterns/demo/command.hpp"

namespace fiberlab::demos {

namespace {

demo::report run_serve(const demo::stage& on) {
    if (on.operands.empty()) {
        throw demo::usage_error("lock serve: say which servers, for example: fiberlab lock serve redis postgres");
    }
    locks::serving plan{.kinds = {},
                        .tcp = on.options.flag("tcp"),
                        .run_for = on.options.given("duration") ? on.options.duration("duration") : duration::zero()};
    for (const std::string& word : on.operands) {
        plan.kinds.push_back(word == "redis" ? servers::server_kind::redis : servers::server_kind::postgres);
    }
    byte_writer output{STDOUT_FILENO};
    std::uint64_t announced = 0;
    const auto done = locks::serve(plan, on.stop, [&](const std::string& url) {
        if (output.write(url + "\n")) {
            ++announced;
        }
    });
    if (!done) {
        throw demo::backend_error(done.error());
    }
    demo::report report;
    report.count("servers", static_cast<std::int64_t>(done->started));
    std::string ended;
    for (const std::string& one : done->ended_early) {
        ended += (ended.empty() ? "" : "; ") + one;
    }
    report.check("every server ran until the end", done->ended_early.empty(), done->started, ended);
    report.check("every address was written", announced == done->started, done->started);
    return report;
}

demo::option tcp() {
    demo::option made;
    made.name = "tcp";
    made.type = demo::option_type::flag;
    made.help = "print addresses on 127.0.0.1, with a password, instead of unix sockets";
    return made;
}

}  // namespace

const demo::command& lock_serve() {
    static const demo::command made{
        .name = "lock serve",
        .in = demo::group::locks,
        .summary = "private Redis and Postgres servers until Ctrl-C, their URLs on stdout",
        .options = {tcp(), demo::run_for("")},
        .examples = {{.arguments = "lock serve redis --duration 100ms", .shows = "one Redis, for a tenth of a second"},
                     {.arguments = "lock serve redis postgres --tcp --duration 100ms",
                      .shows = "one of each, reachable over TCP on this machine"}},
        .explanation = lock_serve_explanation(),
        .operands = demo::operand_kind::words,
        .operand_words = {"redis", "postgres"},
        .real_input = [](const demo::parameters&, const std::vector<std::string>&) { return true; },
        .run = run_serve,
    };
    return made;
}

}  // namespace fiberlab::demos
