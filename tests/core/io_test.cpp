#include "patterns/core/io.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "patterns/core/byte_stream.hpp"
#include "patterns/core/channel.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/task_group.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace fiberlab;
using namespace std::chrono_literals;

namespace {

template <class Body>
void in_real_time(Body&& body) {
    const run_outcome done = run({.mode = run_mode::real}, [&] { body(); });
    if (done.error != nullptr) {
        std::rethrow_exception(done.error);
    }
    REQUIRE_MESSAGE(done.how == run_outcome::kind::completed, done.message);
}

struct ends {
    descriptor read;
    descriptor write;
};

ends make_pipe() {
    std::array<int, 2> numbers{};
    REQUIRE(pipe2(numbers.data(), O_CLOEXEC) == 0);
    return {descriptor{numbers[0]}, descriptor{numbers[1]}};
}

std::string read_all(byte_reader& from) {
    std::string all;
    std::array<char, 5000> part{};
    for (auto n = from.read(part); n && *n > 0; n = from.read(part)) {
        all.append(part.data(), *n);
    }
    return all;
}

std::string pattern_of(std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) {
        text[i] = static_cast<char>('a' + i * 7 % 26);
    }
    return text;
}

}  // namespace

TEST_CASE("bytes pass a pipe whole, and only the fiber waits") {
    in_real_time([] {
        const std::string sent = pattern_of(3'000'000);
        ends pipe = make_pipe();
        int ticks = 0;
        bool over = false;
        task_group group;
        group.go("ticker", [&] {
            while (!over) {
                ++ticks;
                yield();
            }
        });
        std::string received;
        {
            byte_reader reader{pipe.read.get()};
            const fiber writer = spawn("writer", [&] {
                byte_writer to{pipe.write.get()};
                REQUIRE(to.write(sent));
                pipe.write.reset();
            });
            received = read_all(reader);
        }
        over = true;
        REQUIRE(group.wait());
        CHECK(received == sent);
        CHECK(ticks > 10);
    });
}

TEST_CASE("a socket works the same way, in both directions") {
    in_real_time([] {
        std::array<int, 2> numbers{};
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, numbers.data()) == 0);
        descriptor a{numbers[0]};
        const descriptor b{numbers[1]};
        const std::string sent = pattern_of(1'000'000);
        const fiber writer = spawn("writer", [&] {
            byte_writer to{a.get()};
            REQUIRE(to.write(sent));
            a.reset();
        });
        byte_reader from{b.get()};
        CHECK(read_all(from) == sent);
    });
}

TEST_CASE("a regular file is written and read whole") {
    const test::temporary_folder folder;
    in_real_time([&] {
        const std::string path = folder.path() / "file";
        const std::string sent = pattern_of(700'000);
        {
            auto to = byte_writer::create(path);
            REQUIRE(to);
            REQUIRE(to->write(sent));
        }
        auto from = byte_reader::open(path);
        REQUIRE(from);
        CHECK(read_all(*from) == sent);
    });
}

TEST_CASE("what can't be opened is said with its name and the reason") {
    in_real_time([] {
        CHECK(byte_reader::open("/nonexistent/file").error() == "/nonexistent/file: No such file or directory");
        CHECK(byte_writer::create("/nonexistent/file").error() == "/nonexistent/file: No such file or directory");
        auto folder = byte_reader::open("/");
        REQUIRE(folder);
        std::array<char, 8> some{};
        CHECK(folder->read(some).error().code == EISDIR);
    });
}

TEST_CASE("a reader that has gone is reported as closed, not as a signal") {
    in_real_time([] {
        ends pipe = make_pipe();
        const auto before = std::signal(SIGPIPE, SIG_IGN);
        byte_writer to{pipe.write.get()};
        pipe.read.reset();
        CHECK(to.write("nobody reads this").error().how == status::closed);
        std::signal(SIGPIPE, before);
    });
}

TEST_CASE("a stop ends a read and a write that wait") {
    in_real_time([] {
        ends pipe = make_pipe();
        const stop_source stop;
        task_group group;
        group.go("reader", [&] {
            byte_reader from{pipe.read.get()};
            std::array<char, 8> some{};
            CHECK(from.read(some, stop.token()).error().how == status::stopped);
        });
        ends full = make_pipe();
        group.go("writer", [&] {
            byte_writer to{full.write.get()};
            CHECK(to.write(pattern_of(5'000'000), stop.token()).error().how == status::stopped);
        });
        sleep_for(5ms);
        stop.request_stop();
        REQUIRE(group.wait());
    });
}

TEST_CASE("waiting for a descriptor ends by deadline, by stop, or when it is ready") {
    in_real_time([] {
        ends pipe = make_pipe();
        CHECK(wait_readable(pipe.read.get(), after(2ms)) == status::timeout);
        const stop_source stop;
        stop.request_stop();
        CHECK(wait_readable(pipe.read.get(), never, stop.token()) == status::stopped);
        CHECK(wait_writable(pipe.write.get()) == status::ok);
        pipe.write.reset();
        CHECK(wait_readable(pipe.read.get()) == status::ok);
    });
}

TEST_CASE("a blocking call on a helper thread blocks its fiber alone") {
    in_real_time([] {
        const std::thread::id here = std::this_thread::get_id();
        channel<int> gate{"gate"};
        ends pipe = make_pipe();
        const fiber other = spawn("other", [&] {
            // Lets the helper thread go on: it is waiting in a blocking read.
            REQUIRE(write(pipe.write.get(), "x", 1) == 1);
        });
        const std::thread::id there = offload([&] {
            char byte = 0;
            REQUIRE(read(pipe.read.get(), &byte, 1) == 1);
            return std::this_thread::get_id();
        });
        CHECK(here != there);
    });
}

TEST_CASE("exceptions come back from a helper thread, and many calls run side by side") {
    in_real_time([] {
        CHECK_THROWS_WITH_AS(offload([]() -> int { throw std::runtime_error("from a helper"); }), "from a helper",
                             std::runtime_error);
        int sum = 0;
        task_group group;
        for (int i = 1; i <= 50; ++i) {
            group.go({"caller", i}, [&, i] { sum += offload([i] { return i; }); });
        }
        REQUIRE(group.wait());
        CHECK(sum == 50 * 51 / 2);
    });
}

TEST_CASE("a call on a helper thread outlives the wait when the run ends first") {
    ends pipe = make_pipe();
    bool returned = false;
    std::thread releaser;
    const run_outcome done = run({.mode = run_mode::real}, [&] {
        spawn("caller", [&] {
            offload([&] {
                char byte = 0;
                returned = read(pipe.read.get(), &byte, 1) == 1;
            });
        }).detach();
        yield();
        releaser = std::thread{[&] { [[maybe_unused]] const auto written = write(pipe.write.get(), "x", 1); }};
    });
    releaser.join();
    CHECK(done.how == run_outcome::kind::leak);
    CHECK(returned);
}

TEST_CASE("virtual time refuses the outside with a reason") {
    const run_outcome done = run({}, [] {
        CHECK_THROWS_AS((void)wait_readable(0), std::logic_error);
        CHECK_THROWS_AS(offload([] {}), std::logic_error);
    });
    CHECK(done.how == run_outcome::kind::completed);
}
