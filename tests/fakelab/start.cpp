#include "patterns/core/process.hpp"
#include "tests/fakelab/commands.hpp"

namespace fiberlab::test {

namespace {

demo::report run_start(const demo::stage& on) {
    demo::report done;
    if (on.operands.empty()) {
        done.check("nothing was started", true, 1);
        return done;
    }
    auto child = process::start({.arguments = on.operands});
    if (!child) {
        done.exit_code = child.error().exit_code;
        done.notes.push_back(child.error().message);
        done.check("nothing else went wrong", true, 1);
        return done;
    }
    const auto ended = child->wait(on.stop);
    done.exit_code = ended ? ended->shell_code() : child->terminate(std::chrono::seconds{1}).shell_code();
    done.check("the child has ended", true, 1);
    return done;
}

}  // namespace

const demo::command& start() {
    static const demo::command made{
        .name = "start",
        .in = demo::group::resilience,
        .summary = "runs a program",
        .options = {demo::items("3")},
        .examples = {{.arguments = "start", .shows = "nothing to run"},
                     {.arguments = "start -- sh -c 'exit 7'", .shows = "its exit code is ours", .exit_code = 7}},
        .explanation = "# start\n\nIt exists for tests.\n",
        .operands = demo::operand_kind::command,
        .real_input = [](const demo::parameters&,
                         const std::vector<std::string>& operands) { return !operands.empty(); },
        .run = run_start};
    return made;
}

}  // namespace fiberlab::test
