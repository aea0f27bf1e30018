#include "patterns/demo/report.hpp"

#include <doctest/doctest.h>

namespace fiberlab::demo {

TEST_CASE("a run whose every invariant held is held") {
    report done;
    done.check("nothing is lost", true, 10);
    done.check("order is kept", true, 1);
    CHECK(judge(done) == verdict::held);
}

TEST_CASE("an invariant without a sample makes the run inconclusive") {
    report done;
    done.check("nothing is lost", true, 10);
    done.check("a stop is all or nothing", true, 0);
    CHECK(judge(done) == verdict::inconclusive);
}

TEST_CASE("a broken invariant beats one without a sample, wherever it stands") {
    report done;
    done.check("a stop is all or nothing", true, 0);
    done.check("nothing is lost", false, 10, "value 7");
    done.check("order is kept", true, 1);
    CHECK(judge(done) == verdict::broken);
    CHECK(done.invariants.at(1).detail == "value 7");
}

TEST_CASE("counts and latencies keep the order they were given in") {
    report done;
    latency waits;
    waits.record(duration{5});
    done.count("items_out", 2);
    done.count("items_in", 1);
    done.timing("wait", waits);
    CHECK(done.counts.at(0).first == "items_out");
    CHECK(done.counts.at(1).second == 1);
    CHECK(done.latencies.at(0).second.count == 1);
}

}  // namespace fiberlab::demo
