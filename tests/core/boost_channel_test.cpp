// What the README says of Boost.Fiber's own channels, each defect shown where that is possible without undefined
// behaviour. A newer Boost that mends one makes its test fail: then the text has to change.
#include "patterns/core/boost_channel.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "patterns/core/fiber.hpp"
#include "patterns/core/runtime/runtime.hpp"

using namespace fiberlab;

namespace {

struct counted {
    static inline int made = 0;
    static inline int destroyed = 0;
    counted() noexcept { ++made; }
    counted(const counted& /*other*/) noexcept { ++made; }
    counted(counted&& /*other*/) noexcept { ++made; }
    counted& operator=(const counted&) = default;
    counted& operator=(counted&&) = default;
    ~counted() { ++destroyed; }
};

template <class Body>
void in_real_time(Body&& body) {
    const run_outcome done = run({.mode = run_mode::real}, [&] { body(); });
    REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
}

}  // namespace

TEST_CASE("Boost's buffered channel takes powers of two only, and holds one less") {
    CHECK_THROWS(boost::fibers::buffered_channel<int>{3});
    in_real_time([] {
        boost::fibers::buffered_channel<int> eight{8};
        int held = 0;
        while (eight.try_push(held) == boost::fibers::channel_op_status::success) {
            ++held;
        }
        CHECK(held == 7);
        CHECK(boost_channel<int>{"asked for four", 4}.capacity() == 7);
        CHECK(boost_channel<int>{"asked for seven", 7}.capacity() == 7);
        CHECK(boost_channel<int>{"face to face", 0}.capacity() == 0);
    });
}

TEST_CASE("Boost's channel iterators destroy an element more often than it was made") {
    in_real_time([] {
        counted::made = counted::destroyed = 0;
        {
            boost::fibers::buffered_channel<counted> things{8};
            for (int i = 0; i < 5; ++i) {
                REQUIRE(things.push(counted{}) == boost::fibers::channel_op_status::success);
            }
            things.close();
            for (const counted& one : things) {
                (void)one;
            }
        }
        CHECK(counted::destroyed > counted::made);
    });
}

TEST_CASE("Boost's channels carry values between fibers of a run, in order") {
    for (const std::size_t capacity : {0U, 1U, 5U}) {
        in_real_time([&] {
            boost_channel<int> numbers{"numbers", capacity};
            const fiber producer = spawn("producer", [&] {
                for (int i = 0; i < 500; ++i) {
                    REQUIRE(numbers.push(int{i}) == status::ok);
                }
                numbers.close();
            });
            for (int expected = 0; expected < 500; ++expected) {
                REQUIRE(numbers.pop().value() == expected);
            }
            REQUIRE(numbers.pop().error() == status::closed);
        });
    }
}
