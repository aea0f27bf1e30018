#include "patterns/core/stop.hpp"

#include <doctest/doctest.h>

#include <string>

#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/task_group.hpp"
#include "schedules.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;
using fiberlab::test::in_both_modes;
using fiberlab::test::under_schedules;

TEST_CASE("a stop reaches the whole tree below, and nothing above") {
    under_schedules(20, [] {
        const stop_source root{"root"};
        const stop_source branch{root.token(), "branch"};
        const stop_source twig{branch.token(), "twig"};
        const stop_source other{root.token(), "other"};
        REQUIRE(branch.request_stop("pruned"));
        REQUIRE(!branch.request_stop("again"));
        REQUIRE(twig.stop_requested());
        REQUIRE(twig.token().cause() == "pruned");
        REQUIRE(!root.stop_requested());
        REQUIRE(!other.stop_requested());
        root.request_stop("felled");
        REQUIRE(other.token().cause() == "felled");
        REQUIRE(branch.token().cause() == "pruned");
    });
}

TEST_CASE("a child of a stopped source is born stopped") {
    under_schedules(5, [] {
        const stop_source root;
        root.request_stop("early");
        const stop_source child{root.token()};
        REQUIRE(child.stop_requested());
        REQUIRE(child.token().cause() == "early");
    });
}

TEST_CASE("a deadline stops with its cause, and the earliest one on the way up counts") {
    in_both_modes(20, [] {
        const stop_source request{"request"};
        request.stop_after(3ms);
        const stop_source hop{request.token(), "hop"};
        hop.stop_after(1h);
        REQUIRE(hop.token().deadline() == request.token().deadline());
        const time_point before = clock::now();
        hop.token().wait();
        REQUIRE(clock::now() - before >= 2ms);
        REQUIRE(hop.token().cause() == "deadline");
    });
}

TEST_CASE("a later deadline does not replace an earlier one, and one that has passed stops at once") {
    under_schedules(5, [] {
        const stop_source source;
        source.stop_after(1ms);
        const auto first = source.token().deadline();
        source.stop_after(1h);
        REQUIRE(source.token().deadline() == first);
        const stop_source late;
        late.stop_at(clock::now());
        REQUIRE(late.stop_requested());
    });
}

TEST_CASE("values are found towards the root, the nearest first") {
    struct user {
        std::string name;
    };
    struct trace {
        int id;
    };
    under_schedules(2, [] {
        const stop_source root;
        root.set_value(user{"ann"});
        root.set_value(trace{7});
        const stop_source child{root.token()};
        child.set_value(user{"bob"});
        REQUIRE(child.token().value<user>()->name == "bob");
        REQUIRE(child.token().value<trace>()->id == 7);
        REQUIRE(root.token().value<user>()->name == "ann");
        REQUIRE(root.token().value<int>() == nullptr);
        REQUIRE(stop_token{}.value<user>() == nullptr);
    });
}

TEST_CASE("a callback runs once, at once when it is late, and never after it was taken back") {
    under_schedules(20, [] {
        const stop_source source;
        int runs = 0;
        {
            const stop_callback taken_back{source.token(), [&] { runs += 100; }};
        }
        const stop_callback first{source.token(), [&] { ++runs; }};
        const stop_callback second{source.token(), [&] { ++runs; }};
        source.request_stop();
        REQUIRE(runs == 2);
        const stop_callback late{source.token(), [&] { ++runs; }};
        REQUIRE(runs == 3);
        source.request_stop();
        REQUIRE(runs == 3);
    });
}

TEST_CASE("a source that goes first leaves its token usable and its parent whole") {
    under_schedules(20, [] {
        const stop_source root;
        stop_token orphan;
        {
            const stop_source child{root.token()};
            child.stop_after(1ms);
            orphan = child.token();
        }
        sleep_for(5ms);
        REQUIRE(!orphan.stop_requested());
        root.request_stop();
    });
}

TEST_CASE("sleeping with a token ends early when it fires") {
    under_schedules(100, [] {
        const stop_source source;
        const fiber stopper = spawn("stopper", [&] {
            sleep_for(1ms);
            source.request_stop();
        });
        REQUIRE(sleep_for(1h, source.token()) == status::stopped);
        REQUIRE(sleep_for(1h, source.token()) == status::stopped);
        REQUIRE(sleep_for(1ms, stop_token{}) == status::ok);
        REQUIRE(clock::now().time_since_epoch() < 1h);
    });
}

TEST_CASE("stop, wait and callbacks may race in every order") {
    under_schedules(500, [] {
        const stop_source root;
        int woken = 0;
        int called = 0;
        task_group group;
        for (int i = 0; i < 2; ++i) {
            group.go({"waiter", i}, [&] {
                const stop_source child{root.token()};
                const stop_callback note{child.token(), [&] { ++called; }};
                child.token().wait();
                ++woken;
            });
            group.go({"stopper", i}, [&] { root.request_stop(); });
        }
        REQUIRE(group.wait());
        REQUIRE(woken == 2);
        REQUIRE(called == 2);
    });
}
