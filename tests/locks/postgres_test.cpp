#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "locks/postgres/lock_id.hpp"
#include "locks/postgres/postgres_locks.hpp"
#include "locks/postgres/session.hpp"
#include "locks/postgres/turns.hpp"
#include "locks/servers/servers.hpp"
#include "patterns/core/fiber.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/task_group.hpp"
#include "tests/locks/postgres_support.hpp"

namespace fiberlab::locks {

namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::granted;
using test::open_locks;
using test::open_session;
using test::waited_for;
using test::with_postgres;

using manager = std::unique_ptr<lock_manager>;

// Runs a test on both back ends: Postgres has the same promises for both.
void with_both(const std::function<void(const std::string& url, const postgres_settings& settings)>& body) {
    for (const bool transaction_level : {false, true}) {
        CAPTURE(transaction_level);
        // On a machine that has too much to do, a session takes its time.
        const postgres_settings settings{.transaction_level = transaction_level, .connect_timeout = 60s};
        with_postgres([&](const std::string& url) { body(url, settings); });
    }
}

std::unique_ptr<lease> must(lock_manager::result got) {
    if (!got) {
        throw std::runtime_error{std::string{to_string(got.error().why)} + ": " + got.error().detail};
    }
    return *std::move(got);
}

lock_failure why(const lock_manager::result& failed) {
    return failed ? throw std::runtime_error{"it was acquired"} : failed.error().why;
}

// Ends the session that holds the only advisory lock there is.
void end_holder(postgres::session& admin) {
    test::number(admin,
                 "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted");
}

}  // namespace

TEST_CASE("a key has one holder at a time, and fencing tokens rise, over two managers with many fibers each") {
    with_both([](const std::string& url, const postgres_settings& settings) {
        const std::array<manager, 2> processes{open_locks(url, settings), open_locks(url, settings)};
        constexpr std::int64_t fibers = 12;
        constexpr std::int64_t rounds = 6;
        int inside = 0;
        int most_inside = 0;
        std::int64_t failures = 0;
        std::vector<std::int64_t> fences;
        {
            task_group all;
            for (std::int64_t i = 0; i < 2 * fibers; ++i) {
                all.go({"contender", static_cast<std::int32_t>(i)}, [&, i] {
                    for (std::int64_t n = 0; n < rounds; ++n) {
                        auto held = processes.at(static_cast<std::size_t>(i % 2))->acquire("shared", {});
                        if (!held) {
                            ++failures;
                            continue;
                        }
                        most_inside = std::max(most_inside, ++inside);
                        fences.push_back((*held)->fencing_token());
                        yield();
                        --inside;
                        if (!(*held)->release()) {
                            ++failures;
                        }
                    }
                });
            }
            CHECK(all.wait());
        }
        CHECK(most_inside == 1);
        CHECK(failures == 0);
        CHECK(fences.size() == 2 * fibers * rounds);
        CHECK(std::ranges::adjacent_find(fences, std::ranges::greater_equal{}) == fences.end());
    });
}

TEST_CASE("an attempt is busy when another process or another fiber of this one has the key") {
    with_both([](const std::string& url, const postgres_settings& settings) {
        const manager here = open_locks(url, settings);
        const manager there = open_locks(url, settings);
        const auto held = must(here->try_acquire("k", {}));
        CHECK(held->is_held());
        CHECK(why(here->try_acquire("k", {})) == lock_failure::busy);
        CHECK(why(there->try_acquire("k", {})) == lock_failure::busy);
        CHECK(there->try_acquire("another", {}));
        CHECK(held->renew(1s));
        CHECK(held->release());
        CHECK(!held->is_held());
        CHECK(held->release());
        CHECK(why(lock_manager::result{std::unexpected{held->renew(1s).error()}}) == lock_failure::lost);
        CHECK(there->try_acquire("k", {}));
    });
}

TEST_CASE("a wait ends at its deadline, and one whose deadline has passed is an attempt") {
    with_both([](const std::string& url, const postgres_settings& settings) {
        const manager here = open_locks(url, settings);
        const manager there = open_locks(url, settings);
        CHECK(here->acquire("k", {.deadline = time_point{}}));
        const auto held = must(there->acquire("k", {}));
        CHECK(why(here->acquire("k", {.deadline = time_point{}})) == lock_failure::timeout);

        const time_point before = clock::now();
        CHECK(why(here->acquire("k", {.deadline = after(20ms)})) == lock_failure::timeout);
        CHECK(clock::now() - before >= 20ms);
        CHECK(clock::now() - before < 5s);
        CHECK(why(there->acquire("k", {.deadline = after(5ms)})) == lock_failure::timeout);

        CHECK(held->release());
        CHECK(here->acquire("k", {.deadline = after(5s)}));
    });
}

TEST_CASE("a stop ends a wait in the server and leaves nothing there") {
    with_both([](const std::string& url, const postgres_settings& settings) {
        const auto db = open_session(url);
        const manager here = open_locks(url, settings);
        const manager there = open_locks(url, settings);
        const auto held = must(there->acquire("k", {}));
        const stop_source stop;
        lock_failure ended = lock_failure::server_error;
        fiber waiting = spawn("waiting", [&] { ended = why(here->acquire("k", {.stop = stop.token()})); });
        REQUIRE(eventually([&] { return waited_for(*db) == 1; }));
        stop.request_stop();
        waiting.join();
        CHECK(ended == lock_failure::stopped);
        CHECK(waited_for(*db) == 0);
        CHECK(granted(*db) == 1);
        CHECK(why(here->acquire("k", {.stop = stop.token()})) == lock_failure::stopped);
        CHECK(held->release());
        CHECK(granted(*db) == 0);
        CHECK(here->acquire("k", {.deadline = after(5s)}));
    });
}

TEST_CASE("a stop or a time-out that races the grant never leaves the lock behind") {
    with_both([](const std::string& url, const postgres_settings& settings) {
        const auto db = open_session(url);
        const manager here = open_locks(url, settings);
        const manager there = open_locks(url, settings);
        constexpr int rounds = 100;
        int acquired = 0;
        int given_up = 0;
        int left_behind = 0;
        for (int round = 0; round < rounds; ++round) {
            const auto held = must(there->acquire("k", {.deadline = after(10s)}));
            const stop_source stop;
            const bool by_stop = round % 2 == 0;
            const time_point deadline = by_stop ? never : after(4ms);
            fiber waiting = spawn("waiting", [&] {
                const auto got = here->acquire("k", {.deadline = deadline, .stop = stop.token()});
                ++(got ? acquired : given_up);
            });
            if (by_stop) {
                CHECK(eventually([&] { return waited_for(*db) == 1; }));
                fiber stopping = spawn("stopping", [&] { stop.request_stop(); });
                CHECK(held->release());
                stopping.join();
            } else {
                // The server's clock for the time-out starts a moment after ours: about there the two meet.
                test::wait_for(deadline - 500us + (round % 25) * 50us);
                CHECK(held->release());
            }
            waiting.join();
            left_behind += eventually([&] { return granted(*db) == 0; }) ? 0 : 1;
        }
        CAPTURE(acquired);
        CHECK(given_up > 0);
        CHECK(acquired + given_up == rounds);
        CHECK(left_behind == 0);
    });
}

TEST_CASE("a holder learns at once that its session was ended, and release says lost") {
    with_both([](const std::string& url, const postgres_settings& settings) {
        const auto admin = open_session(url);
        const manager here = open_locks(url, settings);
        const manager there = open_locks(url, settings);
        for (const bool waited : {false, true}) {
            CAPTURE(waited);
            std::unique_ptr<lease> mine;
            if (waited) {
                const auto theirs = must(there->acquire("k", {}));
                fiber waiting = spawn("waiting", [&] { mine = must(here->acquire("k", {})); });
                REQUIRE(eventually([&] { return waited_for(*admin) == 1; }));
                CHECK(theirs->release());
                waiting.join();
            } else {
                mine = must(here->acquire("k", {}));
            }
            CHECK(!mine->lost().stop_requested());
            end_holder(*admin);
            mine->lost().wait();
            CHECK(!mine->is_held());
            CHECK(why(lock_manager::result{std::unexpected{mine->renew(1s).error()}}) == lock_failure::lost);
            const auto released = mine->release();
            REQUIRE(!released);
            CHECK(released.error().why == lock_failure::lost);
            CHECK(released.error().detail.find("57P01") != std::string::npos);
            // A new session takes over, without the old lock.
            CHECK(must(here->acquire("k", {.deadline = after(5s)}))->release());
        }
    });
}

TEST_CASE("waiters that have taken all sessions keep nobody from releasing or from getting a free lock") {
    with_postgres([](const std::string& url) {
        const auto db = open_session(url);
        const manager here = open_locks(url, {.sessions = 2});
        const manager there = open_locks(url);
        auto first = must(there->acquire("held by waiting", {}));
        std::unique_ptr<lease> mine;
        fiber getting = spawn("getting", [&] { mine = must(here->acquire("held by waiting", {})); });
        REQUIRE(eventually([&] { return waited_for(*db) == 1; }));
        CHECK(first->release());
        getting.join();  // it has one of the two sessions

        constexpr int many = 10;
        std::vector<std::unique_ptr<lease>> theirs;
        std::vector<fiber> waiting;
        int got = 0;
        for (int i = 0; i < many; ++i) {
            const std::string key = "theirs " + std::to_string(i);
            theirs.push_back(must(there->acquire(key, {})));
            waiting.push_back(spawn("waiting", [&here, &got, key] {
                got += must(here->acquire(key, {.deadline = after(10s)}))->release() ? 1 : 0;
            }));
        }
        REQUIRE(eventually([&] { return waited_for(*db) == 1; }));
        CHECK(must(here->acquire("free", {.deadline = after(5s)}))->release());
        CHECK(mine->renew(1s));
        CHECK(mine->release());
        for (auto& each : theirs) {
            CHECK(each->release());
        }
        for (fiber& each : waiting) {
            each.join();
        }
        CHECK(got == many);
        CHECK(granted(*db) == 0);
    });
}

TEST_CASE("a transaction-level lock takes a session, and ends with its transaction either way") {
    with_postgres([](const std::string& url) {
        const auto db = open_session(url);
        const manager here = open_locks(url, {.transaction_level = true, .sessions = 1});
        constexpr auto last_statement =
            "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'idle' AND query = ";
        {
            const auto held = must(here->acquire("a", {}));
            CHECK(granted(*db) == 1);
            CHECK(why(here->try_acquire("b", {})) == lock_failure::busy);
            CHECK(why(here->acquire("b", {.deadline = after(5ms)})) == lock_failure::timeout);
            CHECK(held->release());
        }
        CHECK(granted(*db) == 0);
        CHECK(test::number(*db, (std::string{last_statement} + "'COMMIT'").c_str()) == 1);
        must(here->acquire("a", {})).reset();
        CHECK(granted(*db) == 0);
        CHECK(test::number(*db, (std::string{last_statement} + "'ROLLBACK'").c_str()) == 1);
    });
}

TEST_CASE("work that throws under with_lock gives the lock back") {
    with_both([](const std::string& url, const postgres_settings& settings) {
        const auto db = open_session(url);
        const manager here = open_locks(url, settings);
        const auto throwing = [](lease&) { throw std::runtime_error{"the work's own"}; };
        CHECK_THROWS_AS(std::ignore = here->with_lock("k", {}, throwing), std::runtime_error);
        CHECK(granted(*db) == 0);
        CHECK(here->with_lock("k", {}, [&](lease& held) { CHECK(held.is_held()); }));
    });
}

TEST_CASE("the sequence of fencing tokens is made once by any number of processes at a time") {
    with_postgres([](const std::string& url) {
        const auto db = open_session(url);
        REQUIRE(db->execute({.text = "DROP SEQUENCE IF EXISTS public.fiberlab_fence"}, {}));
        task_group starting;
        for (std::int32_t i = 0; i < 8; ++i) {
            starting.go({"process", i}, [&]() -> outcome {
                const auto connected = connect_postgres(url);
                return connected ? outcome{} : failure(connected.error().detail);
            });
        }
        const outcome all = starting.wait();
        INFO((all ? "" : all.error().message));
        CHECK(all);
    });
}

TEST_CASE("a server that takes no more sessions or has no room for locks refuses what is too much, and nothing else") {
    if (test::postgres_url().empty()) {
        return;
    }
    auto own = servers::private_servers::start(
        {.postgres = 1, .postgres_options = {"max_connections=10", "max_locks_per_transaction=10"}});
    REQUIRE(own);
    test::in_real_time([&] {
        const std::string& url = own->postgres().url;
        const auto db = open_session(url);
        const manager here = open_locks(url, {.sessions = 20});
        {
            const manager there = open_locks(url);
            std::vector<std::unique_ptr<lease>> theirs;
            task_group waiting;
            int got = 0;
            for (int i = 0; i < 12; ++i) {
                const std::string key = "theirs " + std::to_string(i);
                theirs.push_back(must(there->acquire(key, {})));
                waiting.go("waiting", [&, key] { got += must(here->acquire(key, {}))->release() ? 1 : 0; });
            }
            CHECK(eventually([&] { return waited_for(*db) >= 4; }));
            theirs.clear();
            const outcome all = waiting.wait();
            INFO((all ? "" : all.error().message));
            CHECK(got == 12);
        }
        constexpr std::size_t attempts = 700;
        std::vector<std::unique_ptr<lease>> held;
        std::size_t refused = 0;
        std::string words;
        {
            task_group all;
            for (std::size_t i = 0; i < attempts; ++i) {
                all.go("grabber", [&, i] {
                    auto got = here->try_acquire("key " + std::to_string(i), {});
                    if (got) {
                        held.push_back(*std::move(got));
                    } else {
                        ++refused;
                        words = got.error().detail;
                    }
                });
            }
            CHECK(all.wait());
        }
        CHECK(refused > 0);
        CHECK(held.size() > 100);
        CHECK(words.starts_with("53200"));
        CHECK(granted(*db) == static_cast<std::int64_t>(held.size()));
        const auto survivor = std::move(held.back());
        held.pop_back();
        std::size_t released = 0;
        for (auto& each : held) {
            released += each->release() ? 1 : 0;
        }
        CHECK(released == held.size());
        CHECK(granted(*db) == 1);

        REQUIRE(::kill(own->postgres().pid, SIGQUIT) == 0);
        survivor->lost().wait();
        CHECK(!survivor->is_held());
        CHECK(survivor->release().error().why == lock_failure::lost);
        CHECK(why(here->acquire("k", {.deadline = after(5s)})) == lock_failure::disconnected);
        const auto again = connect_postgres(url);
        REQUIRE(!again);
        CHECK(again.error().why == lock_failure::disconnected);
        CHECK(again.error().detail.find(".s.PGSQL.") != std::string::npos);
    });
}

TEST_CASE("what connect_postgres can't use is refused in words") {
    test::in_real_time([] {
        CHECK(connect_postgres("redis://localhost").error().why == lock_failure::server_error);
        CHECK_THROWS_AS(std::ignore = connect_postgres("postgresql:///x", {.sessions = 0}), std::invalid_argument);
    });
}

TEST_CASE("keys that share an id take turns, and whoever gives up leaves no trace") {
    constexpr std::int64_t id = 7;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        postgres::turns all;
        int inside = 0;
        int most_inside = 0;
        int timeouts = 0;
        const run_outcome outcome = run({.seed = seed}, [&] {
            task_group group;
            for (std::int32_t i = 0; i < 6; ++i) {
                group.go({"user", i}, [&, i] {
                    const time_point deadline = i % 2 == 0 ? never : after(1ms);
                    const auto mine = all.wait(id, deadline, {});
                    if (!mine) {
                        ++timeouts;
                        return;
                    }
                    most_inside = std::max(most_inside, ++inside);
                    sleep_for(1ms);
                    --inside;
                });
            }
            CHECK(group.wait());
        });
        CHECK(outcome.how == run_outcome::kind::completed);
        CHECK(most_inside == 1);
        CHECK(timeouts > 0);
        CHECK(all.in_use() == 0);
    }
}

TEST_CASE("a key's id depends on all of it") {
    std::vector<std::int64_t> ids;
    for (int i = 0; i < 20'000; ++i) {
        ids.push_back(postgres::lock_id("user:" + std::to_string(i)));
    }
    std::ranges::sort(ids);
    CHECK(std::ranges::adjacent_find(ids) == ids.end());
    CHECK(postgres::lock_id("a") != postgres::lock_id("b"));
}

}  // namespace fiberlab::locks
