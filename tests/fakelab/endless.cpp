#include "patterns/core/fiber.hpp"
#include "tests/fakelab/commands.hpp"

namespace fiberlab::test {

namespace {

using namespace std::chrono_literals;

demo::report run_endless(const demo::stage& on) {
    const auto end = after(on.options.duration("duration"));
    std::int64_t steps = 0;
    on.tell("begin");
    while (clock::now() < end && sleep_for(1ms, on.stop) == status::ok) {
        on.tell("step", {}, {{"number", ++steps}});
        while (on.options.flag("deaf")) {
            sleep_for(1ms);
        }
    }
    demo::report done;
    done.count("steps", steps);
    done.check("steps were made", steps > 0, static_cast<std::uint64_t>(steps));
    if (on.options.has_value("code")) {
        done.exit_code = static_cast<int>(on.options.count("code"));
    }
    return done;
}

}  // namespace

const demo::command& endless() {
    static const demo::command made{
        .name = "endless",
        .in = demo::group::work,
        .summary = "works until it is stopped",
        .options = {demo::run_for("20ms"),
                    {.name = "code", .type = demo::option_type::count, .help = "what to end with", .max = 255},
                    {.name = "deaf", .type = demo::option_type::flag, .help = "hears no stop"}},
        .examples = {{.arguments = "endless", .shows = "twenty steps in virtual time"},
                     {.arguments = "endless --time real --duration 50ms", .shows = "the same against the clock"}},
        .explanation = "# endless\n\nIt exists for tests.\n",
        .run = run_endless};
    return made;
}

}  // namespace fiberlab::test
