#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "explanations/replicated_requests.hpp"
#include "patterns/demo/command.hpp"
#include "patterns/replicated_requests/command_race.hpp"
#include "patterns/replicated_requests/experiment.hpp"
#include "patterns/replicated_requests/redis_ping.hpp"
#include "patterns/replicated_requests/simulated_replicas.hpp"

namespace fiberlab::demos {

namespace {

// An option that would have no effect. One from the environment may well be meant for other runs.
void refuse(const demo::stage& on, std::initializer_list<std::string_view> names, std::string_view why) {
    for (const std::string_view each : names) {
        if (on.options.origin(each).starts_with("--")) {
            throw demo::usage_error{"--" + std::string{each} + " " + std::string{why}};
        }
    }
}

demo::report ask_simulated(const demo::stage& on) {
    refuse(on, {"grace", "max-output"}, "is for a program: give one after --");
    refuse(on, {"timeout"}, "is for real servers: give them by --url");
    const demo::parameters& options = on.options;
    const auto replicas = on.exploring ? 2 : static_cast<std::size_t>(options.count("replicas"));
    const simulated_replicas servers =
        on.exploring
            ? simulated_replicas::one_refuses()
            : simulated_replicas{static_cast<std::size_t>(options.count("items")), replicas, options.ratio("errors")};
    return run_experiment(on, replicas,
                          [&](const question& of, const stop_token& cancelled) { return servers.ask(of, cancelled); });
}

// ---- --url

std::vector<server_url> servers_given(const demo::parameters& options) {
    std::vector<server_url> all;
    for (const std::string& text : options.list("url")) {
        auto parsed = parse_server_url(text);
        if (!parsed) {
            throw demo::usage_error{"--url: " + parsed.error()};
        }
        all.push_back(*std::move(parsed));
    }
    return all;
}

// Who can't be asked at all is told; when that is everybody there is nothing to compare.
void knock(const demo::stage& on, const std::vector<server_url>& servers, duration timeout) {
    std::string why;
    std::size_t reachable = 0;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        redis_ping first{servers[i]};
        const auto answered = first.ask(0, on.stop, after(timeout));
        reachable += answered ? 1 : 0;
        if (!answered) {
            why += (why.empty() ? "" : "; ") + servers[i].text + ": " + answered.error().message;
            on.tell("unreachable", {"replica", static_cast<std::int32_t>(i)}, {}, answered.error().message);
        }
    }
    if (reachable == 0 && !on.stop.stop_requested()) {
        throw demo::backend_error{"no server can be reached: " + why};
    }
}

demo::report ask_servers(const demo::stage& on) {
    refuse(on, {"replicas", "errors", "variant"}, "is of the built-in servers: real ones are as they are");
    refuse(on, {"grace", "max-output"}, "is for a program: give one after --");
    const demo::parameters& options = on.options;
    const duration timeout = options.duration("timeout");
    const std::vector<server_url> servers = servers_given(options);
    knock(on, servers, timeout);
    // For each client a connection to each server.
    std::deque<redis_ping> connections;
    for (std::int64_t client = 0; client < options.count("workers"); ++client) {
        for (const server_url& each : servers) {
            connections.emplace_back(each);
        }
    }
    return run_experiment(on, servers.size(), [&](const question& of, const stop_token& cancelled) {
        redis_ping& to = connections[of.client * servers.size() + of.replica];
        return to.ask(static_cast<std::int64_t>(of.request), cancelled, after(timeout));
    });
}

// ---- -- CMD

void tell_copy(const demo::stage& on, std::size_t replica, const copy_report& copy) {
    const name who{"replica", static_cast<std::int32_t>(replica)};
    switch (copy.how) {
        case copy_end::won:
            on.tell("win", who, {{"took_ns", copy.took.count()}});
            break;
        case copy_end::failed:
            on.tell("fail", who, {{"took_ns", copy.took.count()}}, copy.error);
            break;
        case copy_end::cancelled:
            on.tell("end", who, {{"took_ns", copy.took.count()}}, "cancelled, with all that it started");
            break;
        case copy_end::late:
            on.tell("end", who, {{"took_ns", copy.took.count()}}, "a success, too, but not the first");
            break;
        case copy_end::not_sent:
            break;
    }
}

demo::report run_copies(const demo::stage& on) {
    refuse(on, {"items", "workers", "errors", "variant", "timeout", "url"}, "does not go with a program to run");
    refuse(on, {"hedge", "hedge-budget"}, "needs the latencies of many requests: a program is run once");
    const race_settings settings{.command = on.operands,
                                 .replicas = static_cast<std::size_t>(on.options.count("replicas")),
                                 .grace = on.options.duration("grace"),
                                 .on_start = [&](std::size_t replica, const process& copy) {
                                     on.tell("start", {"replica", static_cast<std::int32_t>(replica)},
                                             {{"pid", std::to_string(copy.id())}});
                                 }};
    const race_result done = race_commands(settings, on.stop);
    if (!done.write_error.empty()) {
        throw std::runtime_error{"standard output: " + done.write_error};
    }
    if (done.none_started && !on.stop.stop_requested()) {
        throw demo::start_failure{done.outcome.copies.front().error, done.exit_code};
    }
    demo::report made;
    made.output_closed = done.output_closed;
    if (!on.stop.stop_requested()) {
        made.exit_code = done.exit_code;
    }
    demo::latency times;
    std::uint64_t remained = 0;
    std::int64_t failed = 0;
    std::int64_t cancelled = 0;
    for (std::size_t i = 0; i < done.outcome.copies.size(); ++i) {
        const copy_report& copy = done.outcome.copies[i];
        tell_copy(on, i, copy);
        times.record(copy.took);
        remained += done.copies[i]->gone ? 0 : 1;
        failed += copy.how == copy_end::failed ? 1 : 0;
        cancelled += copy.how == copy_end::cancelled ? 1 : 0;
    }
    made.count("copies", static_cast<std::int64_t>(done.copies.size()));
    made.count("failed", failed);
    made.count("cancelled", cancelled);
    made.count("latency_ns", done.outcome.latency.count());
    if (done.outcome.value) {
        made.count("output_bytes", static_cast<std::int64_t>((*done.outcome.value)->output.size()));
    }
    made.timing("copy", times);
    made.check("each copy had gone, with its process group, before the command returned", remained == 0,
               done.copies.size());
    return made;
}

demo::report perform(const demo::stage& on) {
    if (!on.operands.empty()) {
        return run_copies(on);
    }
    if (!on.options.has_value("hedge")) {
        refuse(on, {"hedge-budget"}, "is for --hedge");
    }
    return on.options.given("url") ? ask_servers(on) : ask_simulated(on);
}

bool runs_program(const demo::parameters& /*options*/, const std::vector<std::string>& operands) {
    return !operands.empty();
}

}  // namespace

const demo::command& replicated_requests() {
    static const demo::command made{
        .name = "replicated-requests",
        .in = demo::group::resilience,
        .summary = "ask several, take the first success, cancel the rest",
        .options = {{.name = "items",
                     .type = demo::option_type::count,
                     .help = "requests, asked in each way",
                     .initial = "1000",
                     .min = 1,
                     .max = 100'000},
                    {.name = "workers",
                     .type = demo::option_type::count,
                     .help = "clients that ask side by side",
                     .initial = "4",
                     .min = 1,
                     .max = 1'000},
                    {.name = "replicas",
                     .type = demo::option_type::count,
                     .help = "built-in servers, or copies of CMD",
                     .initial = "3",
                     .min = 1,
                     .max = 1'000},
                    {.name = "errors",
                     .type = demo::option_type::ratio,
                     .help = "how many requests a built-in server refuses, at once",
                     .initial = "5%",
                     .max = 1},
                    {.name = "hedge",
                     .type = demo::option_type::count,
                     .help = "ask a second one only after this percentile of the latencies seen",
                     .min = 1,
                     .max = 99},
                    {.name = "hedge-budget",
                     .type = demo::option_type::ratio,
                     .help = "how many backups, at most, for each request",
                     .initial = "10%",
                     .max = 1},
                    {.name = "url",
                     .type = demo::option_type::text,
                     .help = "a Redis server to ask (PING): redis://host:port, unix:///path; several times",
                     .repeated = true},
                    {.name = "timeout",
                     .type = demo::option_type::duration,
                     .help = "a server that takes longer has failed",
                     .initial = "1s",
                     .min = 1'000'000,
                     .max = 86'400'000'000'000},
                    {.name = "grace",
                     .type = demo::option_type::duration,
                     .help = "time a losing CMD has to end after SIGTERM, before it is killed",
                     .initial = "1s",
                     .max = 86'400'000'000'000},
                    {.name = "max-output",
                     .type = demo::option_type::count,
                     .help = "bytes of output kept of each CMD until one has won; more is a failure",
                     .initial = "1G",
                     .min = 1},
                    demo::variant()},
        .examples = {{.arguments = "replicated-requests",
                      .shows = "the same 1,000 requests, asked of one server and of three"},
                     {.arguments = "replicated-requests --hedge 95 --hedge-budget 10%",
                      .shows = "a second server only for what is slow: nearly the gain, a tenth of the cost"},
                     {.arguments = "replicated-requests --variant as-written",
                      .shows = "the first answer wins, and it is an error",
                      .exit_code = 4},
                     {.arguments = "replicated-requests --replicas 2 -- sh -c 'sleep 0.$FIBERLAB_REPLICA; hostname'",
                      .shows = "two copies of a program; the winner's output alone"}},
        .explanation = replicated_requests_explanation(),
        .operands = demo::operand_kind::command,
        .real_input =
            [](const demo::parameters& options, const std::vector<std::string>& operands) {
                return !operands.empty() || options.given("url");
            },
        .writes_data = runs_program,
        .run = perform};
    return made;
}

}  // namespace fiberlab::demos
