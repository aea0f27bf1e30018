#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "locks/redis/redis_locks.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/task_group.hpp"
#include "tests/locks/redis_lab.hpp"

namespace fiberlab::locks {

namespace {

using namespace std::chrono_literals;
using test::client_of;
using test::comes_to;
using test::in_real_time;
using test::lock_key;
using test::locks_of;
using test::redis_lab;
using test::words_of;

bool have_redis() {
    return test::have_redis("a test of Redis locks");
}

// What became of an acquisition, or of a release.
std::string end_of(const lock_manager::result& held) {
    return held ? "held" : std::string{to_string(held.error().why)};
}

std::string end_of(const std::expected<void, lock_error>& done) {
    return done ? "done" : std::string{to_string(done.error().why)};
}

// The lease, where the test needs one to go on.
std::unique_ptr<lease> got(lock_manager::result held) {
    if (!held) {
        throw std::runtime_error("not held: " + held.error().detail);
    }
    return *std::move(held);
}

std::string owner_of_k(redis_client& admin) {
    return words_of(admin.command({"GET", lock_key}));
}

// Blocks until the lease is lost, for at most five seconds; how long it took.
std::optional<duration> time_until_lost(const lease& held, time_point since) {
    const stop_source limit;
    limit.stop_after(5s);
    const stop_callback ends{held.lost(), [&] { limit.request_stop(); }};
    limit.token().wait();
    return held.lost().stop_requested() ? std::optional{clock::now() - since} : std::nullopt;
}

}  // namespace

TEST_CASE("two processes' fibers are never inside together, and each has a higher fencing token than the last") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    int inside = 0;
    int most = 0;
    int counter = 0;
    int successes = 0;
    std::vector<std::int64_t> fences;
    std::string other_ends;
    in_real_time([&] {
        const std::array managers{locks_of(lab.url()), locks_of(lab.url())};
        task_group group;
        for (int i = 0; i < 20; ++i) {
            group.go({"contender", i}, [&, i] {
                for (int round = 0; round < 5; ++round) {
                    auto held = managers[static_cast<std::size_t>(i % 2)]->acquire("k", {.ttl = 5s});
                    if (!held) {
                        other_ends += held.error().detail + "; ";
                        continue;
                    }
                    fences.push_back((*held)->fencing_token());
                    most = std::max(most, ++inside);
                    const int seen = counter;
                    yield();
                    counter = seen + 1;
                    --inside;
                    ++successes;
                    if (const auto released = (*held)->release(); !released) {
                        other_ends += released.error().detail + "; ";
                    }
                }
            });
        }
        [[maybe_unused]] const outcome all = group.wait();
    });
    CHECK(other_ends.empty());
    CHECK(most == 1);
    CHECK(successes == 100);
    CHECK(counter == successes);
    CHECK(std::ranges::adjacent_find(fences, std::greater_equal{}) == fences.end());
}

TEST_CASE("a taken lock is busy, for this process and for others") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<std::string> ends;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto theirs = locks_of(lab.url());
        const auto held = got(mine->acquire("k", {}));
        ends.push_back(end_of(mine->try_acquire("k", {})));
        ends.push_back(end_of(theirs->try_acquire("k", {})));
        ends.push_back(end_of(theirs->try_acquire("another", {})));
        ends.push_back(end_of(held->release()));
        ends.push_back(end_of(theirs->try_acquire("k", {})));
    });
    CHECK(test::joined(ends) == "busy, busy, held, done, held");
}

TEST_CASE("a lease that is not renewed is lost before it expires, and its owner can't release what others then have") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::optional<duration> lost_after;
    bool held_at_first = false;
    bool held_when_lost = true;
    std::string before;
    std::string after_release;
    std::string stale_release;
    std::string stale_renewal;
    std::int64_t first_fence = 0;
    std::int64_t second_fence = 0;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto theirs = locks_of(lab.url());
        const time_point asked = clock::now();
        const auto held = got(mine->acquire("k", {.ttl = 100ms, .renew = false}));
        held_at_first = held->is_held();
        lost_after = time_until_lost(*held, asked);
        held_when_lost = held->is_held();
        const auto next = got(theirs->acquire("k", {.ttl = 10s, .deadline = after(5s)}));
        before = owner_of_k(theirs->client());
        stale_renewal = end_of(held->renew(1s));
        stale_release = end_of(held->release());
        after_release = owner_of_k(theirs->client());
        first_fence = held->fencing_token();
        second_fence = next->fencing_token();
    });
    CHECK(held_at_first);
    REQUIRE(lost_after);
    CHECK(*lost_after >= 50ms);
    CHECK_FALSE(held_when_lost);
    CHECK(stale_renewal == "lost");
    CHECK(stale_release == "lost");
    CHECK_FALSE(before.empty());
    CHECK(before == after_release);
    CHECK(second_fence > first_fence);
}

TEST_CASE("renewal keeps a lease for longer than its ttl") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    bool still_held = false;
    bool lost = true;
    std::string others;
    std::string released;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto theirs = locks_of(lab.url());
        const auto held = got(mine->acquire("k", {.ttl = 600ms}));
        // For longer than the ttl: waiting is the thing tested.
        others = end_of(theirs->acquire("k", {.deadline = after(700ms)}));
        still_held = held->is_held();
        lost = held->lost().stop_requested();
        released = end_of(held->release());
    });
    CHECK(others == "timeout");
    CHECK(still_held);
    CHECK_FALSE(lost);
    CHECK(released == "done");
}

TEST_CASE("renewal by hand moves the deadline, and what is released is not renewed any more") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::string renewed;
    std::int64_t left_ms = 0;
    bool lost_in_time = true;
    std::string gone;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto held = got(mine->acquire("k", {.ttl = 100ms, .renew = false}));
        renewed = end_of(held->renew(20s));
        left_ms = mine->client().command({"PTTL", lock_key})->number;
        const stop_source first_ttl;
        first_ttl.stop_after(150ms);
        first_ttl.token().wait();
        lost_in_time = held->lost().stop_requested();
        [[maybe_unused]] const auto released = held->release();
        const auto again = got(mine->acquire("k", {.ttl = 60ms}));
        [[maybe_unused]] const auto released_again = again->release();
        const auto foreign = mine->client().command({"SET", lock_key, "somebody", "PX", "100"});
        gone = comes_to(mine->client(), {"EXISTS", lock_key}, "0") ? "gone" : "kept alive";
    });
    CHECK(renewed == "done");
    CHECK(left_ms > 10'000);
    CHECK_FALSE(lost_in_time);
    CHECK(gone == "gone");
}

TEST_CASE("a holder whose server is silent stops in time by its own clock") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::optional<duration> lost_after;
    std::string cause;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const time_point asked = clock::now();
        const auto held = got(mine->acquire("k", {.ttl = 120ms}));
        const time_point got = clock::now();
        lab.freeze();
        lost_after = time_until_lost(*held, got);
        cause = held->lost().cause();
        // The key expires at the server no earlier than this long after it was asked for.
        if (lost_after && clock::now() - asked < 60ms) {
            lost_after.reset();
        }
        lab.thaw();
    });
    REQUIRE(lost_after);
    CHECK(cause == "the lease expired: it was not renewed in time");
}

TEST_CASE("the local deadline lies before the server's, whatever the ttl") {
    for (const duration ttl : {duration{1ms}, duration{2ms}, duration{100ms}, duration{10s}, duration{24h}}) {
        const duration margin = ttl - (redis::local_deadline(time_point{}, ttl) - time_point{});
        CAPTURE(ttl.count());
        CHECK(margin > duration::zero());
        CHECK(margin <= ttl / 5);
        CHECK(margin >= ttl / 100);
    }
    CHECK(redis::local_deadline(time_point{200 * 365 * 24h}, duration::max()) == never);
}

TEST_CASE("a key that somebody took away is noticed at the next renewal") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::optional<duration> lost_after;
    std::string cause;
    std::string owner;
    std::string released;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto held = got(mine->acquire("k", {.ttl = 3s}));
        const time_point taken = clock::now();
        [[maybe_unused]] const auto set = mine->client().command({"SET", lock_key, "somebody"});
        lost_after = time_until_lost(*held, taken);
        cause = held->lost().cause();
        released = end_of(held->release());
        owner = owner_of_k(mine->client());
    });
    REQUIRE(lost_after);
    CHECK(*lost_after < 2s);
    CHECK(cause == "the server no longer has it as ours");
    CHECK(released == "lost");
    CHECK(owner == "somebody");
}

TEST_CASE("a wait ends at its deadline, not before and not long after") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<std::string> ends;
    std::vector<duration> took;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto theirs = locks_of(lab.url());
        const auto held = mine->acquire("k", {});
        for (const auto& manager : {mine.get(), theirs.get()}) {
            const time_point before = clock::now();
            ends.push_back(end_of(manager->acquire("k", {.deadline = after(80ms)})));
            took.push_back(clock::now() - before);
        }
    });
    CHECK(test::joined(ends) == "timeout, timeout");
    for (const duration d : took) {
        CHECK(d >= 80ms);
        CHECK(d < 1s);
    }
}

TEST_CASE("a lock that comes free shortly before the deadline is still taken") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::string end;
    in_real_time([&] {
        // A pause of this length would sleep past the moment.
        const auto theirs = locks_of(lab.url(), {.backoff = {.first = 10s, .most = 10s}, .last_try = 100ms});
        [[maybe_unused]] const auto set = theirs->client().command({"SET", lock_key, "somebody", "PX", "20"});
        end = end_of(theirs->acquire("k", {.deadline = after(200ms)}));
    });
    CHECK(end == "held");
}

TEST_CASE("a deadline that has passed still means one try") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<std::string> ends;
    in_real_time([&] {
        const auto mine = locks_of(lab.url(), {.first_try = 5s});
        const auto theirs = locks_of(lab.url(), {.first_try = 5s});
        auto held = mine->acquire("k", {.deadline = clock::now()});
        ends.push_back(end_of(held));
        ends.push_back(end_of(theirs->acquire("k", {.deadline = clock::now()})));
        ends.push_back(end_of(theirs->try_acquire("k", {.deadline = clock::now()})));
    });
    CHECK(test::joined(ends) == "held, timeout, busy");
}

TEST_CASE("a stop token ends a wait, and a lease is released after it has fired") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<std::string> ends;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto theirs = locks_of(lab.url());
        const stop_source stop;
        const auto held = got(mine->acquire("k", {.stop = stop.token()}));
        stop.stop_after(30ms);
        task_group group;
        for (auto* const manager : {mine.get(), theirs.get()}) {
            group.go("waiter", [&, manager] { ends.push_back(end_of(manager->acquire("k", {.stop = stop.token()}))); });
        }
        [[maybe_unused]] const outcome all = group.wait();
        ends.push_back(end_of(theirs->acquire("other", {.stop = stop.token()})));
        ends.push_back(end_of(held->release()));
        ends.push_back(words_of(mine->client().command({"EXISTS", lock_key})));
    });
    CHECK(test::joined(ends) == "stopped, stopped, stopped, done, 0");
}

TEST_CASE("a second release does nothing, not even to the next holder") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<std::string> ends;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto first = got(mine->acquire("k", {}));
        ends.push_back(end_of(first->release()));
        const auto second = got(mine->acquire("k", {}));
        ends.push_back(end_of(first->release()));
        ends.emplace_back(second->is_held() ? "held" : "not held");
        ends.emplace_back(first->is_held() ? "held" : "not held");
        ends.push_back(words_of(mine->client().command({"EXISTS", lock_key})));
    });
    CHECK(test::joined(ends) == "done, done, held, not held, 1");
}

TEST_CASE("a lease that goes out of scope is released") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<std::string> ends;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        {
            const auto held = mine->acquire("k", {});
        }
        ends.push_back(end_of(mine->try_acquire("k", {})));
        {
            const auto brief = locks_of(lab.url());
            const auto held = brief->acquire("other", {});
        }
        ends.emplace_back(comes_to(mine->client(), {"EXISTS", "fiberlab:lock:other"}, "0") ? "free" : "left behind");
    });
    CHECK(test::joined(ends) == "held, free");
}

TEST_CASE("a server that has forgotten the scripts is told again") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<std::string> ends;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto forget = [&] { ends.push_back(words_of(mine->client().command({"SCRIPT", "FLUSH"}))); };
        forget();
        const auto held = got(mine->acquire("k", {}));
        forget();
        ends.push_back(end_of(held->renew(20s)));
        forget();
        ends.push_back(end_of(held->release()));
    });
    CHECK(test::joined(ends) == "OK, OK, done, OK, done");
}

TEST_CASE("a lock granted after its caller has given up is given back") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<std::string> ends;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const stop_source stop;
        lab.freeze();
        ends.push_back(end_of(mine->acquire("k", {.ttl = 1h, .deadline = after(30ms)})));
        stop.stop_after(10ms);
        ends.push_back(end_of(mine->acquire("other", {.ttl = 1h, .stop = stop.token()})));
        lab.thaw();
        // It was granted: the fencing token was taken.
        ends.push_back(words_of(mine->client().command({"EXISTS", "fiberlab:fence"})));
        for (const auto key : {lock_key, std::string_view{"fiberlab:lock:other"}}) {
            ends.emplace_back(comes_to(mine->client(), {"EXISTS", key}, "0") ? "given back" : "left behind");
        }
    });
    CHECK(test::joined(ends) == "timeout, stopped, 1, given back, given back");
}

TEST_CASE("a lock whose grant was lost with the connection is given back over the next one") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<std::string> ends;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto admin = client_of(lab.url());
        // From now on the server does what it is asked for, and says nothing.
        const std::array<std::string_view, 3> hush{"CLIENT", "REPLY", "OFF"};
        mine->client().start(hush, [](const redis_result&) {});
        ends.push_back(end_of(mine->acquire("k", {.ttl = 1h, .deadline = after(50ms)})));
        ends.push_back(words_of(admin->command({"EXISTS", lock_key})));
        ends.push_back(words_of(admin->command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"})));
        ends.emplace_back(comes_to(*admin, {"EXISTS", lock_key}, "0") ? "given back" : "left behind");
    });
    CHECK(test::joined(ends) == "timeout, 1, 1, given back");
}

TEST_CASE("a release whose connection was cut is made up for over the next one") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<std::string> ends;
    std::string release_end;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto admin = client_of(lab.url());
        const auto waited_for = got(mine->acquire("k", {.ttl = 1h}));
        auto dropped = got(mine->acquire("other", {.ttl = 1h}));
        task_group group;
        test::hold_back_writes(*admin);
        group.go("releaser", [&] { release_end = end_of(waited_for->release()); });
        ends.emplace_back(test::cut_who_is_held_back(*admin) ? "cut" : "not cut");
        [[maybe_unused]] const outcome released = group.wait();
        ends.emplace_back(comes_to(*admin, {"EXISTS", lock_key}, "0") ? "given back" : "left behind");
        test::hold_back_writes(*admin);
        dropped.reset();
        ends.emplace_back(test::cut_who_is_held_back(*admin) ? "cut" : "not cut");
        ends.emplace_back(comes_to(*admin, {"EXISTS", "fiberlab:lock:other"}, "0") ? "given back" : "left behind");
    });
    CHECK(test::joined(ends) == "cut, given back, cut, given back");
    CHECK(release_end == "disconnected");
}

TEST_CASE("a server killed under a holder: the lease is lost, and every call says what is wrong") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::optional<duration> lost_after;
    std::vector<std::string> ends;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto held = got(mine->acquire("k", {.ttl = 100ms}));
        const auto released = got(mine->acquire("r", {.ttl = 10s}));
        lab.kill();
        lost_after = time_until_lost(*held, clock::now());
        ends.push_back(end_of(mine->acquire("other", {.deadline = after(5s)})));
        ends.push_back(end_of(mine->try_acquire("other", {})));
        ends.push_back(end_of(released->renew(10s)));
        ends.push_back(end_of(released->release()));
    });
    REQUIRE(lost_after);
    CHECK(*lost_after < 2s);
    CHECK(test::joined(ends) == "disconnected, disconnected, disconnected, disconnected");
}

TEST_CASE("a server that comes back without its memory: old leases are lost, new fencing tokens are still higher") {
    if (!have_redis()) {
        return;
    }
    redis_lab lab{{.redis = 2}};
    std::optional<duration> lost_after;
    std::int64_t before = 0;
    std::int64_t afterwards = 0;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto held = got(mine->acquire("k", {.ttl = 2s}));
        before = held->fencing_token();
        lab.kill();
        lab.replace_by(1);
        lost_after = time_until_lost(*held, clock::now());
        const auto next = got(mine->acquire("k", {.ttl = 2s, .deadline = after(5s)}));
        afterwards = next->fencing_token();
    });
    REQUIRE(lost_after);
    CHECK(*lost_after < 1900ms);  // by the server's answer, before the local deadline
    CHECK(afterwards > before);
}

TEST_CASE("renewal survives a connection that is cut under it") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    bool cut = false;
    bool lost = true;
    std::uint64_t connections = 0;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto admin = client_of(lab.url());
        const auto held = got(mine->acquire("k", {.ttl = 800ms}));
        test::hold_back_writes(*admin);
        cut = test::cut_who_is_held_back(*admin);
        const stop_source rest_of_the_ttl;
        rest_of_the_ttl.stop_after(800ms);
        rest_of_the_ttl.token().wait();
        lost = held->lost().stop_requested();
        connections = mine->client().connections();
    });
    CHECK(cut);
    CHECK_FALSE(lost);
    CHECK(connections == 2);
}

TEST_CASE("fibers of one process get a key first come, first served, and only the first of them asks the server") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<int> order;
    std::uint64_t asked_while_waiting = 0;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        auto held = got(mine->acquire("k", {}));
        const std::uint64_t before = mine->client().commands();
        task_group group;
        for (int i = 0; i < 50; ++i) {
            group.go({"waiter", i}, [&, i] {
                const auto mine_now = mine->acquire("k", {});
                order.push_back(i);
            });
        }
        const stop_source a_while;
        a_while.stop_after(30ms);
        a_while.token().wait();
        asked_while_waiting = mine->client().commands() - before;
        held.reset();
        [[maybe_unused]] const outcome all = group.wait();
    });
    CHECK(asked_while_waiting == 0);
    CHECK(order.size() == 50);
    CHECK(std::ranges::is_sorted(order));
}

TEST_CASE("a waiter of the same process gets the key when the holder has lost it") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::string end;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        const auto hung = mine->acquire("k", {.ttl = 50ms, .renew = false});
        end = end_of(mine->acquire("k", {.deadline = after(5s)}));
    });
    CHECK(end == "held");
}

TEST_CASE("a lease that outlives its manager is lost") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::vector<std::string> ends;
    in_real_time([&] {
        auto mine = locks_of(lab.url());
        const auto held = got(mine->acquire("k", {}));
        const auto lost = got(mine->acquire("l", {.ttl = 50ms, .renew = false}));
        [[maybe_unused]] const auto expired = time_until_lost(*lost, clock::now());
        mine.reset();
        ends.emplace_back(held->is_held() ? "held" : "not held");
        ends.push_back(held->lost().cause());
        ends.push_back(end_of(held->renew(1s)));
        ends.push_back(end_of(held->release()));
        ends.push_back(end_of(lost->release()));
    });
    CHECK(test::joined(ends) == "not held, its lock manager has gone, lost, lost, lost");
}

TEST_CASE("a lease may be let go by what its loss calls") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    bool let_go = false;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        auto held = got(mine->acquire("k", {.ttl = 40ms, .renew = false}));
        const stop_source done;
        const stop_callback on_loss{held->lost(), [&] {
                                        held.reset();
                                        let_go = true;
                                        done.request_stop();
                                    }};
        done.stop_after(5s);
        done.token().wait();
    });
    CHECK(let_go);
}

TEST_CASE("a fencing counter that can't count leaves no lock behind") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    std::string end;
    std::string left;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        [[maybe_unused]] const auto spoilt = mine->client().command({"SET", "fiberlab:fence", "not a number"});
        end = end_of(mine->acquire("k", {.deadline = after(1s)}));
        left = words_of(mine->client().command({"EXISTS", lock_key}));
    });
    CHECK(end == "server error");
    CHECK(left == "0");
}

TEST_CASE("a ttl that the server can't keep is refused") {
    if (!have_redis()) {
        return;
    }
    const redis_lab lab;
    int refused = 0;
    std::string shortest;
    in_real_time([&] {
        const auto mine = locks_of(lab.url());
        for (const duration ttl : {duration{0}, duration{-1s}, duration{999us}}) {
            try {
                [[maybe_unused]] const auto held = got(mine->acquire("k", {.ttl = ttl}));
            } catch (const std::invalid_argument&) {
                ++refused;
            }
        }
        const auto held = got(mine->acquire("k", {.ttl = 10s}));
        [[maybe_unused]] const auto renewed = held->renew(2500ms + 1us);
        shortest = words_of(mine->client().command({"PTTL", lock_key}));
    });
    CHECK(refused == 3);
    CHECK(std::stoi(shortest) <= 2501);
    CHECK(std::stoi(shortest) > 2000);
}

TEST_CASE("connect_redis says what is wrong with a URL, and what is wrong with a server") {
    lock_error bad_url;
    lock_error nobody;
    in_real_time([&] {
        bad_url = connect_redis("redis:/localhost").error();
        nobody = connect_redis("unix:///nowhere/redis.sock").error();
    });
    CHECK(bad_url.why == lock_failure::server_error);
    CHECK(bad_url.detail == "not a Redis URL: it starts with redis:// or unix:///");
    CHECK(nobody.why == lock_failure::disconnected);
    CHECK(nobody.detail == "unix:///nowhere/redis.sock: No such file or directory");
}

}  // namespace fiberlab::locks
