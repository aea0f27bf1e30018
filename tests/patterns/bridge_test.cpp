#include "patterns/bridge/bridge.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "patterns/bridge/bridge_as_written.hpp"
#include "patterns/core/channel.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/task_group.hpp"

namespace {

using namespace fiberlab;
using namespace std::chrono_literals;

constexpr std::uint64_t many = 200;

using value = std::pair<int, int>;  // stream, number

std::vector<value> in_order(const std::vector<int>& sizes) {
    std::vector<value> all;
    for (std::size_t s = 0; s < sizes.size(); ++s) {
        for (int i = 1; i <= sizes[s]; ++i) {
            all.emplace_back(static_cast<int>(s) + 1, i);
        }
    }
    return all;
}

run_outcome in_virtual_time(std::uint64_t seed, std::move_only_function<void()> body) {
    return run({.mode = run_mode::virtual_time, .seed = seed}, std::move(body));
}

// A source, and a producer for each of its streams; none of them watches a token.
struct scene {
    explicit scene(std::size_t ahead = 2, std::size_t inner = 1) : capacity{inner}, streams{"streams", ahead} {}

    void feed(const std::vector<int>& sizes) {
        group.go("source", [this, sizes] {
            for (std::size_t s = 0; s < sizes.size(); ++s) {
                const name called{"stream", static_cast<std::int32_t>(s) + 1};
                stream<value> next = new_stream<value>(called, capacity);
                if (streams.push(next) != status::ok) {
                    break;
                }
                ++begun;
                group.go(called, [this, next, s, size = sizes[s]] { produce(*next, static_cast<int>(s) + 1, size); });
            }
            streams.close();
        });
    }
    void produce(channel<value>& to, int number, int size) {
        for (int i = 1; i <= size; ++i) {
            sleep_for(draw(0ns, 1ms));
            if (to.push({number, i}) != status::ok) {
                break;
            }
        }
        to.close();
        ++ended;
    }

    std::size_t capacity;
    channel<stream<value>> streams;
    channel<value> out{"out"};
    stop_source stop;
    int begun = 0;
    int ended = 0;
    task_group group;  // last, so that it ends first
};

TEST_CASE("every stream is drained before the next one, whoever is ready first") {
    const std::vector<int> sizes{5, 0, 3, 1, 0, 7};
    for (const std::size_t capacity : {0U, 1U, 10U}) {
        for (std::uint64_t seed = 1; seed <= many; ++seed) {
            std::vector<value> got;
            bridge_result result;
            const run_outcome outcome = in_virtual_time(seed, [&] {
                scene s{capacity, capacity};
                s.feed(sizes);
                s.group.go("bridge", [&] { result = bridge(s.streams, s.out, s.stop.token()); });
                for (const value& each : s.out) {
                    got.push_back(each);
                }
                CHECK(s.group.wait().has_value());
            });
            REQUIRE(outcome.how == run_outcome::kind::completed);
            REQUIRE(got == in_order(sizes));
            REQUIRE(result.how == bridge_end::drained);
            REQUIRE(result.values == 16);
            REQUIRE(result.streams == 6);
        }
    }
}

TEST_CASE("what is ready behind the head waits until the head has ended") {
    std::vector<std::pair<int, duration>> out;
    const run_outcome outcome = in_virtual_time(1, [&] {
        channel<stream<int>> streams{"streams", 2};
        channel<int> merged{"merged"};
        const stream<int> slow = new_stream<int>("slow", 1);
        const stream<int> quick = new_stream<int>("quick", 1);
        CHECK(streams.try_push(slow) == status::ok);
        CHECK(streams.try_push(quick) == status::ok);
        CHECK(quick->try_push(2) == status::ok);
        quick->close();
        streams.close();
        task_group group;
        group.go("slow", [&] {
            sleep_for(5ms);
            CHECK(slow->push(1) == status::ok);
            sleep_for(5ms);
            slow->close();
        });
        group.go("bridge", [&] { bridge(streams, merged); });
        for (const int each : merged) {
            out.emplace_back(each, clock::now().time_since_epoch());
        }
        CHECK(group.wait().has_value());
    });
    CHECK(outcome.how == run_outcome::kind::completed);
    CHECK(out == std::vector<std::pair<int, duration>>{{1, 5ms}, {2, 10ms}});
}

TEST_CASE("no more streams are begun than fit ahead of the head") {
    for (std::uint64_t seed = 1; seed <= many; ++seed) {
        int begun = 0;
        const run_outcome outcome = in_virtual_time(seed, [&] {
            scene s{3};
            s.feed(std::vector<int>(20, 2));
            s.group.go("bridge", [&] { bridge(s.streams, s.out, s.stop.token()); });
            sleep_for(1s);
            begun = s.begun;
            CHECK(s.out.drain() == 40);
            CHECK(s.group.wait().has_value());
        });
        REQUIRE(outcome.how == run_outcome::kind::completed);
        REQUIRE(begun == 4);
    }
}

TEST_CASE("a stop frees the source and every producer, though none of them watches the token") {
    for (const std::size_t capacity : {0U, 1U, 3U}) {
        for (std::uint64_t seed = 1; seed <= many; ++seed) {
            std::vector<value> got;
            bridge_result result;
            int begun = 0;
            int ended = 0;
            const run_outcome outcome = in_virtual_time(seed, [&] {
                scene s{capacity, capacity};
                s.feed(std::vector<int>(10, 10));
                s.group.go("bridge", [&] { result = bridge(s.streams, s.out, s.stop.token()); });
                s.group.go("stop", [&] {
                    sleep_for(draw(0ns, 20ms));
                    s.stop.request_stop();
                });
                for (const value& each : s.out) {
                    got.push_back(each);
                }
                CHECK(s.group.wait().has_value());
                begun = s.begun;
                ended = s.ended;
            });
            REQUIRE(outcome.how == run_outcome::kind::completed);
            REQUIRE(result.how == bridge_end::stopped);
            REQUIRE(begun == ended);
            // What came out is the beginning of what should have.
            const std::vector<value> all = in_order(std::vector<int>(10, 10));
            REQUIRE(got == std::vector<value>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(got.size())));
            REQUIRE(got.size() == result.values);
        }
    }
}

TEST_CASE("a stop ends the wait for a stream, for a value and for the consumer") {
    for (const int case_number : {0, 1, 2}) {
        for (std::uint64_t seed = 1; seed <= many; ++seed) {
            std::optional<duration> returned;
            const run_outcome outcome = in_virtual_time(seed, [&] {
                channel<stream<int>> streams{"streams", 1};
                channel<int> out{"out"};
                const stop_source stop;
                const stream<int> head = new_stream<int>("head", 1);
                if (case_number > 0) {
                    CHECK(streams.try_push(head) == status::ok);
                }
                if (case_number > 1) {
                    CHECK(head->try_push(1) == status::ok);
                }
                task_group group;
                group.go("stop", [&] {
                    sleep_for(1ms);
                    stop.request_stop();
                });
                const bridge_result result = bridge(streams, out, stop.token());
                if (result.how == bridge_end::stopped && head->closed() == (case_number > 0)) {
                    returned = clock::now().time_since_epoch();
                }
                CHECK(group.wait().has_value());
            });
            REQUIRE(outcome.how == run_outcome::kind::completed);
            REQUIRE(returned == 1ms);
        }
    }
}

TEST_CASE("a stop does not wait for a producer that ignores everything") {
    std::optional<duration> returned;
    duration all_over{};
    const run_outcome outcome = in_virtual_time(1, [&] {
        channel<stream<int>> streams{"streams", 1};
        channel<int> out{"out"};
        const stop_source stop;
        const stream<int> head = new_stream<int>("head", 0);
        CHECK(streams.try_push(head) == status::ok);
        task_group group;
        group.go("deaf", [&] {
            sleep_for(1h);
            [[maybe_unused]] const status refused = head->push(1);
        });
        group.go("bridge", [&] {
            bridge(streams, out, stop.token());
            returned = clock::now().time_since_epoch();
        });
        sleep_for(1ms);
        stop.request_stop();
        CHECK(group.wait().has_value());
        all_over = clock::now().time_since_epoch();
    });
    CHECK(outcome.how == run_outcome::kind::completed);
    CHECK(returned == 1ms);
    CHECK(all_over == 1h);
}

TEST_CASE("a stop wins over a stream that always has one more") {
    for (std::uint64_t seed = 1; seed <= many; ++seed) {
        std::size_t after_the_stop = 0;
        const run_outcome outcome = in_virtual_time(seed, [&] {
            channel<stream<int>> streams{"streams", 1};
            channel<int> out{"out"};
            const stop_source stop;
            const stream<int> head = new_stream<int>("head", 64);
            for (int i = 0; i < 64; ++i) {
                CHECK(head->try_push(i) == status::ok);
            }
            CHECK(streams.try_push(head) == status::ok);
            task_group group;
            group.go("bridge", [&] { bridge(streams, out, stop.token()); });
            CHECK(out.pop().has_value());
            stop.request_stop();
            after_the_stop = out.drain();
            CHECK(group.wait().has_value());
        });
        REQUIRE(outcome.how == run_outcome::kind::completed);
        REQUIRE(after_the_stop <= 1);
    }
}

TEST_CASE("a consumer that closes its channel ends the bridge, and with it all producers") {
    for (std::uint64_t seed = 1; seed <= many; ++seed) {
        bridge_result result;
        const run_outcome outcome = in_virtual_time(seed, [&] {
            scene s;
            s.feed(std::vector<int>(10, 10));
            s.group.go("bridge", [&] { result = bridge(s.streams, s.out, s.stop.token()); });
            for (int i = 0; i < 15; ++i) {
                CHECK(s.out.pop().has_value());
            }
            s.out.close();
            CHECK(s.group.wait().has_value());
        });
        REQUIRE(outcome.how == run_outcome::kind::completed);
        REQUIRE(result.how == bridge_end::abandoned);
        REQUIRE(result.values == 15);
    }
}

TEST_CASE("values that can only be moved pass a bridge") {
    int sum = 0;
    const run_outcome outcome = in_virtual_time(1, [&] {
        channel<stream<std::unique_ptr<int>>> streams{"streams", 1};
        channel<std::unique_ptr<int>> out{"out", 2};
        const auto only = new_stream<std::unique_ptr<int>>("only", 2);
        CHECK(only->try_push(std::make_unique<int>(40)) == status::ok);
        CHECK(only->try_push(std::make_unique<int>(2)) == status::ok);
        only->close();
        CHECK(streams.try_push(only) == status::ok);
        streams.close();
        bridge(streams, out);
        for (const auto& each : out) {
            sum += *each;
        }
    });
    CHECK(outcome.how == run_outcome::kind::completed);
    CHECK(sum == 42);
}

TEST_CASE("the popular bridge leaves producers parked after a stop, and at times a hole in what it passed on") {
    std::size_t holes = 0;
    for (std::uint64_t seed = 1; seed <= many; ++seed) {
        std::vector<value> got;
        const run_outcome outcome = in_virtual_time(seed, [&] {
            scene s;
            s.feed(std::vector<int>(4, 4));
            s.group.go("bridge", [&] { bridge_as_written(s.streams, s.out, s.stop.token()); });
            for (const value& each : s.out) {
                got.push_back(each);
                if (got.size() == 5) {
                    s.stop.request_stop();
                }
            }
            [[maybe_unused]] const fiberlab::outcome never = s.group.wait();
        });
        REQUIRE(outcome.how == run_outcome::kind::deadlock);
        REQUIRE(outcome.blocked.size() >= 2);
        std::vector<value> beginning = in_order({4, 4, 4, 4});
        beginning.resize(got.size());
        holes += got != beginning ? 1 : 0;
    }
    CHECK(holes > 0);
    CHECK(holes < many);
}

}  // namespace
