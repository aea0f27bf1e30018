#include "patterns/core/channel.hpp"
#include "patterns/core/fiber.hpp"
#include "tests/fakelab/commands.hpp"

namespace fiberlab::test {

namespace {

using namespace std::chrono_literals;

demo::report run_relay(const demo::stage& on) {
    const std::int64_t items = on.options.count("items");
    const std::string& variant = on.options.text("variant");
    channel<std::int64_t> values{"values", static_cast<std::size_t>(on.options.count("capacity"))};
    demo::latency holds;
    std::int64_t received = 0;

    fiber source = spawn("source", [&] {
        for (std::int64_t i = 0; i < items; ++i) {
            sleep_for(on.options.duration("hold"));
            const auto wait_from = clock::now();
            if (values.push(i, on.stop) != status::ok) {
                break;
            }
            holds.record(clock::now() - wait_from);
            on.tell("push", values.label(), {{"value", i}, {"wait_ns", (clock::now() - wait_from).count()}});
        }
        values.close();
    });
    for (const std::int64_t value : values) {
        sleep_for(draw(0ns, on.options.duration("hold") * 2));
        if (variant == "lossy" && value == items / 2) {
            on.tell("lose", values.label(), {{"value", value}}, "the value is thrown away");
            continue;
        }
        ++received;
        on.tell("receive", values.label(), {{"value", value}});
        on.progress(static_cast<std::uint64_t>(received), static_cast<std::uint64_t>(items));
    }
    source.join();

    demo::report done;
    done.count("items_in", items);
    done.count("items_out", received);
    done.timing("push_wait", holds);
    done.check("every value arrives", received == items, static_cast<std::uint64_t>(items),
               received == items ? "" : std::to_string(items - received) + " missing");
    if (variant == "unjudged") {
        done.check("a stop loses nothing", true, 0, "nothing was stopped");
    }
    done.notes.emplace_back("This command exists for tests.");
    return done;
}

}  // namespace

const demo::command& relay() {
    static const demo::command made{
        .name = "relay",
        .in = demo::group::flow,
        .summary = "one fiber sends values, another receives them",
        .options =
            {demo::items("6"),
             demo::capacity("1"),
             demo::variant({"lossy", "unjudged"}),
             {.name = "hold",
              .type = demo::option_type::duration,
              .help = "how long each value takes to make",
              .initial = "1ms",
              .max = 3'600'000'000'000},
             {.name = "loss", .type = demo::option_type::ratio, .help = "how many are lost", .initial = "5%", .max = 1},
             {.name = "loud", .type = demo::option_type::flag, .help = "makes no difference"},
             {.name = "stage", .type = demo::option_type::text, .help = "a step on the way", .repeated = true},
             {.name = "url", .type = demo::option_type::text, .help = "where to", .environment = "FIBERLAB_RELAY_URL"}},
        .examples = {{.arguments = "relay --items 4", .shows = "four values on their way"},
                     {.arguments = "relay --variant lossy",
                      .shows = "a value is lost and the run says so",
                      .exit_code = 4},
                     {.arguments = "relay --variant unjudged", .shows = "nothing to judge by", .exit_code = 5}},
        .explanation = "# relay\n\nIt exists for tests.\n",
        .boost_channels = true,
        .run = run_relay};
    return made;
}

}  // namespace fiberlab::test
