#include <optional>
#include <string>
#include <utility>

#include "explanations/lock_contend.hpp"
#include "locks/backends/open_locks.hpp"
#include "locks/contention/contenders.hpp"
#include "locks/contention/processes.hpp"
#include "locks/contention/statistics.hpp"
#include "locks/memory/memory_locks.hpp"
#include "locks/servers/fiber_servers.hpp"
#include "patterns/demo/command.hpp"

namespace fiberlab::demos {

namespace {

using namespace std::chrono_literals;
using demo::option;
using demo::option_type;
using locks::backend_kind;

backend_kind chosen_backend(const demo::parameters& options) {
    const std::string& url = options.text("url");
    if (!options.given("backend") && !url.empty()) {
        auto kind = locks::backend_of_url(url);
        if (!kind) {
            throw demo::usage_error("--url: " + kind.error());
        }
        return *kind;
    }
    const backend_kind kind = locks::backend_by_name(options.text("backend")).value();
    if (!url.empty()) {
        const auto of_url = locks::backend_of_url(url);
        const bool both_postgres = of_url == backend_kind::postgres && kind == backend_kind::postgres_xact;
        if (!of_url || (*of_url != kind && !both_postgres)) {
            throw demo::usage_error("--backend " + options.text("backend") + " and --url " + url +
                                    " contradict each other: leave one out");
        }
    }
    return kind;
}

bool real_servers(const demo::parameters& options, const std::vector<std::string>& /*operands*/) {
    return chosen_backend(options) != backend_kind::memory;
}

locks::contention plan_of(const demo::stage& on) {
    if (on.exploring) {
        return {.workers = 3, .keys = 1, .hold = 1ms, .ttl = 10s, .run_for = duration::zero(), .items = 2};
    }
    return {.workers = on.options.count("workers"),
            .keys = on.options.count("keys"),
            .hold = on.options.duration("hold"),
            .ttl = on.options.duration("ttl"),
            .run_for = on.options.duration("duration"),
            .items = on.options.count("items")};
}

void refuse_what_cannot_be(const demo::stage& on, backend_kind kind) {
    const bool as_written = on.options.text("variant") == "as-written";
    if (kind == backend_kind::memory && on.options.count("processes") > 1) {
        throw demo::usage_error(
            "--processes: a lock in memory is known to its own process only; use --backend redis or postgres");
    }
    if (kind != backend_kind::memory && as_written) {
        throw demo::usage_error("--variant as-written is the keyed mutex of --backend memory");
    }
    if (on.time == demo::timing::virtual_time && on.options.duration("hold") == duration::zero()) {
        throw demo::usage_error(
            "--hold 0 in virtual time: time would never go on; give it a length, or use --time real");
    }
}

demo::report in_memory(const demo::stage& on, const locks::contention& plan) {
    const bool as_written = on.options.text("variant") == "as-written";
    const auto manager = as_written ? locks::make_memory_locks_as_written() : locks::make_memory_locks();
    const auto tell = [&](std::string_view what, name key, std::int64_t ns, std::string note) {
        on.tell(what, key, {{what == "acquire" ? "wait_ns" : "hold_ns", ns}}, std::move(note));
    };
    const locks::contention_result result = locks::contend(*manager, plan, on.stop, tell);
    demo::report done;
    locks::report_contention(done, result, plan.workers, 1);
    if (as_written) {
        done.notes.emplace_back(
            "unlock removes the key's mutex although others wait on it: the next one makes a new mutex and walks in.");
    }
    return done;
}

demo::report on_servers(const demo::stage& on, backend_kind kind, const locks::contention& plan) {
    std::string url = on.options.text("url");
    std::optional<servers::fiber_servers> own;
    if (url.empty()) {
        const bool redis = kind == backend_kind::redis;
        auto started = servers::fiber_servers::start({.redis = redis ? 1 : 0, .postgres = redis ? 0 : 1}, on.stop);
        if (!started) {
            throw demo::backend_error(started.error().message);
        }
        own.emplace(std::move(*started));
        url = own->servers().front().url;
        on.tell("serve", name::of(locks::to_string(kind)), {}, "a private server is up");
    }
    const std::int64_t processes = on.options.count("processes");
    demo::report done;
    if (processes > 1) {
        auto result = locks::contend_in_processes(kind, url, plan, processes, on.seed, on.stop);
        if (!result) {
            throw demo::backend_error(result.error());
        }
        done.count("processes_lost", static_cast<std::int64_t>(result->processes_lost));
        locks::report_contention(done, result->all, plan.workers * processes, processes);
        return done;
    }
    auto manager = locks::open_locks(kind, url);
    if (!manager) {
        throw demo::backend_error(manager.error().detail);
    }
    const auto tell = [&](std::string_view what, name key, std::int64_t ns, std::string note) {
        on.tell(what, key, {{what == "acquire" ? "wait_ns" : "hold_ns", ns}}, std::move(note));
    };
    const locks::contention_result result = locks::contend(**manager, plan, on.stop, tell);
    locks::report_contention(done, result, plan.workers, 1);
    return done;
}

demo::report run_contend(const demo::stage& on) {
    const backend_kind kind = chosen_backend(on.options);
    refuse_what_cannot_be(on, kind);
    const locks::contention plan = plan_of(on);
    return kind == backend_kind::memory ? in_memory(on, plan) : on_servers(on, kind, plan);
}

option backend() {
    option made;
    made.name = "backend";
    made.type = option_type::choice;
    made.help = "what the locks are made of";
    made.initial = "memory";
    made.choices = {"memory", "redis", "postgres", "postgres-xact"};
    return made;
}

option url() {
    option made;
    made.name = "url";
    made.type = option_type::text;
    made.help = "a server to use instead of a private one: redis://…, unix://…, postgres://…";
    made.environment = "FIBERLAB_LOCK_URL";
    return made;
}

option number(std::string name, std::string help, std::string initial, std::int64_t min, std::int64_t max) {
    option made;
    made.name = std::move(name);
    made.type = option_type::count;
    made.help = std::move(help);
    made.initial = std::move(initial);
    made.min = min;
    made.max = max;
    return made;
}

option time(std::string name, std::string help, std::string initial, duration min) {
    option made;
    made.name = std::move(name);
    made.type = option_type::duration;
    made.help = std::move(help);
    made.initial = std::move(initial);
    made.min = min.count();
    return made;
}

}  // namespace

const demo::command& lock_contend() {
    static const demo::command made{
        .name = "lock contend",
        .in = demo::group::locks,
        .summary = "fibers and processes contend for keys; was it mutual exclusion, and was it fair?",
        .options = {backend(), url(), demo::workers("8"), number("processes", "processes to run them in", "1", 1, 64),
                    number("keys", "how many keys there are", "1", 1, 100'000),
                    time("hold", "time inside the lock", "500us", 0ns),
                    time("ttl", "how long a lock survives its holder", "10s", 1ms), demo::run_for("1s"),
                    number("items", "attempts of each contender; 0: as many as fit", "0", 0, 1'000'000'000),
                    demo::variant()},
        .examples = {{.arguments = "lock contend", .shows = "eight fibers, one key, in memory, in virtual time"},
                     {.arguments = "lock contend --variant as-written",
                      .shows = "the keyed mutex that lets two in",
                      .exit_code = 4},
                     {.arguments = "lock contend --backend redis --processes 2 --workers 5 --duration 300ms",
                      .shows = "two processes against a private Redis"},
                     {.arguments = "lock contend --backend postgres --workers 5 --duration 300ms",
                      .shows = "advisory locks of a private Postgres"}},
        .explanation = lock_contend_explanation(),
        .real_input = real_servers,
        .writes_data = [](const demo::parameters&, const std::vector<std::string>&) { return false; },
        .run = run_contend,
    };
    return made;
}

}  // namespace fiberlab::demos
