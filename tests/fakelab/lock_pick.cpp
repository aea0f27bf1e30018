#include "tests/fakelab/commands.hpp"

namespace fiberlab::test {

const demo::command& lock_pick() {
    static const demo::command made{
        .name = "lock pick",
        .in = demo::group::locks,
        .summary = "picks locks by name",
        .options = {{.name = "keys", .type = demo::option_type::count, .help = "how many keys", .initial = "1"}},
        .examples = {{.arguments = "lock pick brass iron", .shows = "two of them"},
                     {.arguments = "lock pick", .shows = "none"}},
        .explanation = "# lock pick\n\nIt exists for tests.\n",
        .operands = demo::operand_kind::words,
        .operand_words = {"brass", "iron"},
        .run = [](const demo::stage& on) {
            demo::report done;
            done.count("picked", static_cast<std::int64_t>(on.operands.size()));
            done.check("each was picked", true, on.operands.size() + 1);
            return done;
        }};
    return made;
}

std::vector<const demo::command*> fake_commands() {
    return {&relay(), &copy(), &mishap(), &start(), &endless(), &lock_pick()};
}

}  // namespace fiberlab::test
