#include "patterns/replicated_requests/replicated_requests.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "patterns/core/runtime/runtime.hpp"
#include "patterns/demo/command.hpp"
#include "patterns/replicated_requests/as_written.hpp"
#include "patterns/replicated_requests/hedge.hpp"
#include "tests/patterns/perform.hpp"

namespace fiberlab::demos {
const demo::command& replicated_requests();
}

namespace fiberlab {

namespace {

using namespace std::chrono_literals;

template <class Body>
void under_many_schedules(Body body) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const run_outcome done = run({.seed = seed}, [&] { body(); });
        CAPTURE(seed);
        CAPTURE(done.message);
        REQUIRE(done.how == run_outcome::kind::completed);
    }
}

// A server that answers with its number after a while, or fails then; told to stop it takes 3 ms to let go.
struct server {
    duration takes;
    bool fails = false;
};

struct servers {
    std::vector<server> all;
    int under_way = 0;
    std::vector<std::size_t> asked{};

    answer<std::size_t> operator()(std::size_t replica, const stop_token& cancelled) {
        asked.push_back(replica);
        ++under_way;
        const bool stopped = sleep_for(all[replica].takes, cancelled) == status::stopped;
        if (stopped) {
            sleep_for(3ms);
        }
        --under_way;
        if (stopped || all[replica].fails) {
            return failure(stopped ? "cancelled" : "refused " + std::to_string(replica));
        }
        return replica;
    }
};

demo::report play(const test::options_given& options, std::uint64_t seed, bool exploring = false) {
    const test::performed done = test::perform(
        demos::replicated_requests(), {.options = options, .settings = {.seed = seed}, .exploring = exploring});
    CAPTURE(seed);
    CAPTURE(done.outcome.message);
    REQUIRE(done.outcome.how == run_outcome::kind::completed);
    if (exploring) {
        CHECK(done.outcome.fibers <= 5);
        CHECK(done.outcome.steps <= 100);
    }
    return done.report;
}

std::string usage_of(const test::options_given& options, const std::vector<std::string>& operands = {}) {
    return test::perform(demos::replicated_requests(), {.options = options, .operands = operands}).usage;
}

}  // namespace

TEST_CASE("the first success wins, and each copy's time is the time it took") {
    under_many_schedules([] {
        servers of{{{20ms}, {10ms}, {30ms}}};
        const reply<std::size_t> got = replicate<std::size_t>({.replicas = 3}, {}, of);
        REQUIRE(got.value.has_value());
        CHECK(*got.value == 1);
        CHECK(got.winner == 1);
        CHECK(got.latency == 10ms);
        CHECK(got.copies[0].how == copy_end::cancelled);
        CHECK(got.copies[1].how == copy_end::won);
        CHECK(got.copies[2].how == copy_end::cancelled);
        CHECK(got.copies[0].took == 13ms);
        CHECK(got.copies[1].took == 10ms);
        CHECK(got.copies[2].took == 13ms);
        // Joined: nothing goes on, and the time that took has passed.
        CHECK(of.under_way == 0);
        CHECK(clock::now() == time_point{13ms});
    });
}

TEST_CASE("a fast error does not win") {
    under_many_schedules([] {
        servers of{{{1ms, true}, {10ms}}};
        const reply<std::size_t> got = replicate<std::size_t>({.replicas = 2}, {}, of);
        CHECK(got.value == 1);
        CHECK(got.copies[0].how == copy_end::failed);
        CHECK(got.copies[0].took == 1ms);
        CHECK(got.why() == "replica 0: refused 0");
    });
}

TEST_CASE("when all fail all errors are told") {
    under_many_schedules([] {
        servers of{{{4ms, true}, {2ms, true}, {3ms, true}}};
        const reply<std::size_t> got = replicate<std::size_t>({.replicas = 3}, {}, of);
        CHECK_FALSE(got.value.has_value());
        CHECK_FALSE(got.stopped);
        CHECK(got.latency == 4ms);
        CHECK(got.why() == "replica 0: refused 0; replica 1: refused 1; replica 2: refused 2");
    });
}

TEST_CASE("an exception is that copy's error") {
    under_many_schedules([] {
        const reply<int> got = replicate<int>({.replicas = 2}, {},
                                              [](std::size_t replica, const stop_token& /*cancelled*/) -> answer<int> {
                                                  if (replica == 0) {
                                                      throw std::runtime_error{"thrown"};
                                                  }
                                                  return failure("returned");
                                              });
        CHECK(got.why() == "replica 0: thrown; replica 1: returned");
    });
}

TEST_CASE("two successes at the same moment: one wins, the other is late") {
    under_many_schedules([] {
        servers of{{{5ms}, {5ms}}};
        const reply<std::size_t> got = replicate<std::size_t>({.replicas = 2}, {}, of);
        REQUIRE(got.value.has_value());
        CHECK(*got.value == got.winner);
        const copy_end other = got.copies[1 - got.winner].how;
        CHECK((other == copy_end::late || other == copy_end::cancelled));
        CHECK(of.under_way == 0);
    });
}

TEST_CASE("a stop ends all copies before it returns") {
    under_many_schedules([] {
        servers of{{{1h}, {1h}}};
        stop_source stop;
        stop.stop_at(time_point{5ms});
        const reply<std::size_t> got = replicate<std::size_t>({.replicas = 2}, stop.token(), of);
        CHECK(got.stopped);
        CHECK_FALSE(got.value.has_value());
        CHECK(got.why().empty());
        CHECK(of.under_way == 0);
        CHECK(clock::now() == time_point{8ms});
    });
}

TEST_CASE("the winner's value is seen before the losers have let go") {
    under_many_schedules([] {
        servers of{{{10ms}, {1h}}};
        time_point seen;
        [[maybe_unused]] const auto got = replicate<std::size_t>(
            {.replicas = 2}, {}, of, [&](std::size_t /*replica*/, std::size_t& /*value*/) { seen = clock::now(); });
        CHECK(seen == time_point{10ms});
        CHECK(clock::now() == time_point{13ms});
    });
}

// ---- backups

TEST_CASE("a backup is sent only after the delay, and only one at a time") {
    under_many_schedules([] {
        servers quick{{{10ms}, {10ms}}};
        CHECK(replicate<std::size_t>({.replicas = 2, .backup_after = 20ms}, {}, quick).sent() == 1);
        CHECK(quick.asked == std::vector<std::size_t>{0});

        servers slow{{{100ms}, {100ms}, {5ms}}};
        const reply<std::size_t> got = replicate<std::size_t>({.replicas = 3, .backup_after = 20ms}, {}, slow);
        CHECK(got.value == 2);
        CHECK(got.latency == 45ms);
        CHECK(got.copies[1].sent_after == 20ms);
        CHECK(got.copies[2].sent_after == 40ms);
    });
}

TEST_CASE("when all that were asked have failed the next is asked at once") {
    under_many_schedules([] {
        servers of{{{2ms, true}, {5ms}}};
        const reply<std::size_t> got = replicate<std::size_t>({.replicas = 2, .backup_after = 1h}, {}, of);
        CHECK(got.value == 1);
        CHECK(got.latency == 7ms);
    });
}

TEST_CASE("without budget there is no backup, neither for slowness nor for an error") {
    under_many_schedules([] {
        const replication frugal{.replicas = 2, .backup_after = 20ms, .may_back_up = [] { return false; }};
        servers slow{{{100ms}, {5ms}}};
        const reply<std::size_t> late = replicate<std::size_t>(frugal, {}, slow);
        CHECK(late.value == 0);
        CHECK(late.latency == 100ms);

        servers failing{{{2ms, true}, {5ms}}};
        const reply<std::size_t> failed = replicate<std::size_t>(frugal, {}, failing);
        CHECK_FALSE(failed.value.has_value());
        CHECK(failed.copies[1].how == copy_end::not_sent);
    });
}

TEST_CASE("the delay is the percentile of what was seen, once enough was seen") {
    hedge backup{{.percentile = 90, .budget = 1, .learn = 10, .window = 100}};
    CHECK(backup.delay() == duration::max());
    for (int i = 1; i <= 100; ++i) {
        backup.observe(std::chrono::milliseconds{i});
    }
    CHECK(backup.delay() == 90ms);
    for (int i = 0; i < 100; ++i) {
        backup.observe(7ms);  // the service got better: what was before counts no more
    }
    CHECK(backup.delay() == 7ms);
}

TEST_CASE("backups are a fixed share of the requests, and little is saved up") {
    hedge backup{{.budget = 0.1}};
    int sent = 0;
    for (int request = 1; request <= 1'000; ++request) {
        backup.count_request();
        sent += backup.take() ? 1 : 0;
        CHECK(sent * 10 <= request);
    }
    CHECK(sent == 100);
    for (int request = 0; request < 100'000; ++request) {
        backup.count_request();
    }
    int burst = 0;
    while (backup.take()) {
        ++burst;
    }
    CHECK(burst == 10);
}

// ---- as it is usually written

TEST_CASE("as written, a fast error wins, copies go on and their times are made up") {
    under_many_schedules([] {
        servers of{{{1ms, true}, {10ms}}};
        task_group forgotten;
        const reply<std::size_t> got = replicate_as_written<std::size_t>(2, forgotten, {}, std::ref(of));
        CHECK_FALSE(got.value.has_value());
        CHECK(of.under_way == 1);
        CHECK(got.copies[1].took == 1ms);
        [[maybe_unused]] const outcome ended = forgotten.wait();
        CHECK(clock::now() == time_point{4ms});
    });
}

// ---- the demo

TEST_CASE("the replicated-requests demo holds under every schedule") {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        CAPTURE(seed);
        const demo::report made = play({{"items", "100"}, {"hedge", "95"}}, seed);
        for (const demo::invariant& each : made.invariants) {
            CAPTURE(each.sentence);
            CAPTURE(each.detail);
            CHECK(each.held);
            CHECK(each.samples > 0);
        }
        CHECK(demo::judge(play({}, seed, true)) == demo::verdict::held);
    }
}

TEST_CASE("the replicated-requests demo catches the popular version with every seed") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        const demo::report made = play({{"variant", "as-written"}}, seed);
        CHECK(demo::judge(made) == demo::verdict::broken);
        for (std::size_t i = 0; i < 3; ++i) {
            CAPTURE(made.invariants[i].sentence);
            CHECK_FALSE(made.invariants[i].held);
        }
        CHECK(demo::judge(play({{"variant", "as-written"}}, seed, true)) == demo::verdict::broken);
    }
}

TEST_CASE("replication shortens the tail, hedging most of it for a tenth of the cost") {
    const demo::report made = play({{"hedge", "95"}}, 1);
    const auto p99 = [&](std::string_view key) {
        for (const auto& [name, latency] : made.latencies) {
            if (name == key) {
                return latency.p99_ns;
            }
        }
        return std::int64_t{0};
    };
    CHECK(p99("replicated") < p99("alone") / 5);
    CHECK(p99("hedged") < p99("alone") / 3);
    CHECK(test::count_of(made, "hedged_copies") <= 1'100);
}

TEST_CASE("an option that would have no effect is refused") {
    CHECK_FALSE(usage_of({{"hedge-budget", "5%"}}).empty());
    CHECK_FALSE(usage_of({{"grace", "1s"}}).empty());
    CHECK_FALSE(usage_of({{"timeout", "1s"}}).empty());
    CHECK_FALSE(usage_of({{"hedge", "95"}}, {"true"}).empty());
    CHECK_FALSE(usage_of({{"items", "5"}}, {"true"}).empty());
    CHECK_FALSE(usage_of({{"url", "redis://localhost"}, {"replicas", "2"}}).empty());
    CHECK_FALSE(usage_of({{"url", "http://localhost"}}).empty());
}

}  // namespace fiberlab
