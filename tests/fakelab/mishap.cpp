#include <stdexcept>

#include "patterns/core/channel.hpp"
#include "patterns/core/fiber.hpp"
#include "patterns/core/mutex.hpp"
#include "tests/fakelab/commands.hpp"

namespace fiberlab::test {

namespace {

void wait_for_each_other() {
    mutex left{"left fork"};
    mutex right{"right fork"};
    channel<int> ready{"ready", 2};
    channel<int> go{"go", 2};
    const auto dine = [&](mutex& first, mutex& second) {
        const std::lock_guard hold_first{first};
        (void)ready.push(1);
        (void)go.pop();
        const std::lock_guard hold_second{second};
    };
    fiber plato = spawn("plato", [&] { dine(left, right); });
    fiber kant = spawn("kant", [&] { dine(right, left); });
    for (int i = 0; i < 2; ++i) {
        (void)ready.pop();
    }
    for (int i = 0; i < 2; ++i) {
        (void)go.push(1);
    }
    plato.join();
    kant.join();
}

demo::report run_mishap(const demo::stage& on) {
    const std::string& kind = on.options.text("kind");
    on.tell("begin", {}, {}, "something is about to go wrong");
    // Outlives the run of this fiber: the leaked fiber waits on it.
    static channel<int> never_filled{"never filled", 1};
    if (kind == "deadlock") {
        wait_for_each_other();
    } else if (kind == "leak") {
        spawn("forgotten", [] { (void)never_filled.pop(); }).detach();
        sleep_for(std::chrono::milliseconds{1});
    } else if (kind == "throw") {
        throw std::runtime_error{"the roof is on fire"};
    } else if (kind == "usage") {
        throw demo::usage_error{"--kind: usage can't be"};
    } else if (kind == "backend") {
        throw demo::backend_error{"no server at nowhere:1"};
    } else if (kind == "escape") {
        demo::report strange;
        strange.count("items", 1);
        strange.check("text is made safe", true, 1, "red \033[31m and \xff\xfe");
        on.tell("show", name::of("file \033[2J.txt"), {{"path", std::string{"a\tb\033c"}}});
        return strange;
    }
    demo::report done;
    done.check("nothing happened", true, 1);
    return done;
}

}  // namespace

const demo::command& mishap() {
    static const demo::command made{
        .name = "mishap",
        .in = demo::group::resilience,
        .summary = "goes wrong in the way that was asked for",
        .options = {{.name = "kind",
                     .type = demo::option_type::choice,
                     .help = "which way",
                     .initial = "none",
                     .choices = {"none", "deadlock", "leak", "throw", "usage", "backend", "escape"}}},
        .examples = {{.arguments = "mishap", .shows = "nothing goes wrong"},
                     {.arguments = "mishap --kind deadlock", .shows = "two fibers wait for each other", .exit_code = 4},
                     {.arguments = "mishap --kind leak", .shows = "a fiber is forgotten", .exit_code = 4}},
        .explanation = "# mishap\n\nIt exists for tests.\n",
        .run = run_mishap};
    return made;
}

}  // namespace fiberlab::test
