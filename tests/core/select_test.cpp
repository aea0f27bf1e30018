#include "patterns/core/select.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "patterns/core/task_group.hpp"
#include "schedules.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;
using fiberlab::test::in_both_modes;
using fiberlab::test::under_schedules;

TEST_CASE("select does exactly the one case that it reports") {
    in_both_modes(100, [] {
        channel<int> in{"in", 1};
        channel<std::string> out{"out", 1};
        REQUIRE(in.push(5) == status::ok);
        REQUIRE(out.push("full") == status::ok);
        std::optional<int> value;
        std::string word = "kept";
        const selected chosen = select(receive(in, value), send(out, word));
        REQUIRE(chosen.index == 0);
        REQUIRE(chosen.how == status::ok);
        REQUIRE(value == 5);
        REQUIRE(word == "kept");
        REQUIRE(out.size() == 1);
    });
}

TEST_CASE("among the ready cases each is chosen about equally often") {
    for (const run_mode mode : {run_mode::virtual_time, run_mode::real}) {
        std::array<int, 3> chosen{};
        const run_outcome done = run({.mode = mode, .seed = 3}, [&] {
            channel<int> a{"a", 1};
            channel<int> b{"b", 1};
            channel<int> c{"c", 1};
            std::optional<int> value;
            for (int i = 0; i < 3000; ++i) {
                (void)a.try_push(1);
                (void)b.try_push(1);
                (void)c.try_push(1);
                ++chosen.at(
                    static_cast<std::size_t>(select(receive(a, value), receive(b, value), receive(c, value)).index));
            }
        });
        REQUIRE(done.how == run_outcome::kind::completed);
        for (const int times : chosen) {
            CHECK(times > 850);
            CHECK(times < 1150);
        }
    }
}

TEST_CASE("a closed channel is a ready case") {
    under_schedules(20, [] {
        channel<int> closed{"closed"};
        channel<int> silent{"silent"};
        closed.close();
        std::optional<int> value;
        REQUIRE(select(receive(silent, value), receive(closed, value)).how == status::closed);
        REQUIRE(!value.has_value());
        int one = 1;
        const selected sent = select(send(closed, one), receive(silent, value));
        REQUIRE(sent.index == 0);
        REQUIRE(sent.how == status::closed);
    });
}

TEST_CASE("a case that is taken out is never chosen, ready or not") {
    under_schedules(50, [] {
        channel<int> a{"a", 1};
        channel<int> b{"b", 1};
        REQUIRE(a.push(1) == status::ok);
        REQUIRE(b.push(2) == status::ok);
        std::optional<int> value;
        REQUIRE(select(receive(a, value).when(false), receive(b, value)).index == 1);
        REQUIRE(value == 2);
        REQUIRE(try_select(receive(a, value).when(false)).how == status::empty);
    });
}

TEST_CASE("without a ready case, try_select says empty and select_until times out") {
    in_both_modes(20, [] {
        channel<int> silent{"silent"};
        std::optional<int> value;
        const selected none = try_select(receive(silent, value));
        REQUIRE(none.index == -1);
        REQUIRE(none.how == status::empty);
        const time_point before = clock::now();
        const selected late = select_until(before + 3ms, receive(silent, value));
        REQUIRE(late.index == -1);
        REQUIRE(late.how == status::timeout);
        REQUIRE(clock::now() - before >= 3ms);
        REQUIRE(silent.waiting_receivers() == 0);
    });
}

TEST_CASE("a stop token is a case like any other") {
    under_schedules(200, [] {
        const stop_source stop;
        channel<int> silent{"silent"};
        const fiber stopper = spawn("stopper", [&] { stop.request_stop("enough"); });
        std::optional<int> value;
        const selected chosen = select(receive(silent, value), done(stop.token()));
        REQUIRE(chosen.index == 1);
        REQUIRE(chosen.how == status::stopped);
        REQUIRE(silent.waiting_receivers() == 0);
    });
}

TEST_CASE("a token that can't fire is a case that is never ready") {
    under_schedules(5, [] {
        channel<int> numbers{"numbers", 1};
        REQUIRE(numbers.push(1) == status::ok);
        std::optional<int> value;
        REQUIRE(select(done(stop_token{}), receive(numbers, value)).index == 1);
    });
}

TEST_CASE("values are conserved when selects meet selects, closes and deadlines") {
    under_schedules(300, [] {
        std::array<channel<int>, 3> channels{channel<int>{0}, channel<int>{1}, channel<int>{2}};
        int sent = 0;
        int received = 0;
        task_group group;
        for (int f = 0; f < 4; ++f) {
            group.go({"mixer", f}, [&] {
                for (int i = 0; i < 6; ++i) {
                    auto& a = channels.at(draw(3));
                    auto& b = channels.at(draw(3));
                    std::optional<int> got;
                    int give = 1;
                    const selected chosen = select_until(clock::now() + draw(0us, 3us), receive(a, got), send(b, give));
                    if (chosen.how == status::ok) {
                        (chosen.index == 0 ? received : sent) += 1;
                    }
                }
            });
        }
        REQUIRE(group.wait());
        for (auto& one : channels) {
            REQUIRE(one.waiting_senders() == 0);
            REQUIRE(one.waiting_receivers() == 0);
            while (one.try_pop()) {
                ++received;
            }
        }
        REQUIRE(sent == received);
    });
}

TEST_CASE("a number of cases that is known only at run time") {
    under_schedules(30, [] {
        std::vector<std::unique_ptr<channel<int>>> channels;
        std::vector<std::optional<int>> slots(20);
        std::vector<select_case> cases;
        for (std::size_t i = 0; i < slots.size(); ++i) {
            channels.push_back(std::make_unique<channel<int>>(name{"one of many", static_cast<std::int32_t>(i)}));
            cases.push_back(receive(*channels[i], slots[i]));
        }
        const fiber sender = spawn("sender", [&] { REQUIRE(channels[13]->push(13) == status::ok); });
        REQUIRE(select(std::span<const select_case>{cases}).index == 13);
        REQUIRE(slots[13] == 13);
    });
}

TEST_CASE("the same channel may stand in several cases") {
    under_schedules(50, [] {
        channel<int> numbers{"numbers"};
        const fiber sender = spawn("sender", [&] { REQUIRE(numbers.push(1) == status::ok); });
        std::optional<int> a;
        std::optional<int> b;
        const selected chosen = select(receive(numbers, a), receive(numbers, b));
        REQUIRE(chosen.how == status::ok);
        REQUIRE(a.has_value() != b.has_value());
        REQUIRE(numbers.waiting_receivers() == 0);
    });
}

TEST_CASE("a select without a case that can be ready is a deadlock that is found") {
    const run_outcome done = run({}, [] { select(std::span<const select_case>{}); });
    CHECK(done.how == run_outcome::kind::deadlock);
    REQUIRE(done.blocked.size() == 1);
    CHECK(done.blocked[0].waits_for == "select on nothing");
}
