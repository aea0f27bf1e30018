#include "locks/memory/keyed_mutex.hpp"

#include <doctest/doctest.h>

#include "locks/memory/keyed_mutex_as_written.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/task_group.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 300;

struct critical_section {
    int inside = 0;
    int most = 0;
    int entered = 0;
    void pass() {
        most = std::max(most, ++inside);
        ++entered;
        yield();
        --inside;
    }
};

}  // namespace

TEST_CASE("one holder of a key at a time, and no entry is left behind") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        critical_section section;
        std::size_t left = 1;
        const run_outcome done = run({.seed = seed}, [&] {
            locks::keyed_mutex keys;
            task_group group;
            for (int user = 0; user < 3; ++user) {
                group.go({"user", user}, [&] {
                    for (int round = 0; round < 3; ++round) {
                        REQUIRE(keys.lock("k") == status::ok);
                        section.pass();
                        keys.unlock("k");
                    }
                });
            }
            REQUIRE(group.wait());
            left = keys.keys();
        });
        REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
        REQUIRE(section.most == 1);
        REQUIRE(section.entered == 9);
        REQUIRE(left == 0);
    }
}

TEST_CASE("different keys do not wait for one another") {
    const run_outcome done = run({}, [] {
        locks::keyed_mutex keys;
        REQUIRE(keys.lock("a") == status::ok);
        REQUIRE(keys.lock("b") == status::ok);
        CHECK(keys.keys() == 2);
        CHECK(!keys.try_lock("a"));
        keys.unlock("a");
        CHECK(keys.try_lock("a"));
        keys.unlock("a");
        keys.unlock("b");
        CHECK(keys.keys() == 0);
    });
    CHECK(done.how == run_outcome::kind::completed);
}

TEST_CASE("a wait that ends by deadline or stop leaves the key as it was") {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const run_outcome done = run({.seed = seed}, [] {
            locks::keyed_mutex keys;
            REQUIRE(keys.lock("k") == status::ok);
            const stop_source stop;
            task_group group;
            group.go("patient", [&] { CHECK(keys.lock("k", after(5ms)) == status::timeout); });
            group.go("stopped", [&] { CHECK(keys.lock("k", never, stop.token()) == status::stopped); });
            sleep_for(3ms);
            stop.request_stop();
            REQUIRE(group.wait());
            keys.unlock("k");
            CHECK(keys.keys() == 0);
            CHECK(keys.try_lock("k"));
            keys.unlock("k");
        });
        REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
    }
}

TEST_CASE("unlocking a key that nobody holds is misuse") {
    const run_outcome done = run({}, [] {
        locks::keyed_mutex keys;
        CHECK_THROWS_AS(keys.unlock("k"), std::logic_error);
    });
    CHECK(done.how == run_outcome::kind::completed);
}

TEST_CASE("the keyed mutex as written lets two holders in, on many schedules") {
    int broken = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        critical_section section;
        run({.seed = seed}, [&] {
            locks::as_written::keyed_mutex keys;
            task_group group;
            for (int user = 0; user < 3; ++user) {
                group.go({"user", user}, [&] {
                    for (int round = 0; round < 2; ++round) {
                        const auto held = keys.lock("k");
                        section.pass();
                        keys.unlock("k", held);
                    }
                });
            }
            [[maybe_unused]] const outcome ended = group.wait();
        });
        broken += section.most > 1 ? 1 : 0;
    }
    MESSAGE(broken << " of " << seeds << " schedules show two holders");
    CHECK(broken > 0);
}
