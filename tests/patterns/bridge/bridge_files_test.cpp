#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "patterns/core/byte_stream.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "tests/patterns/perform.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fiberlab::demos {
const demo::command& bridge();
}

namespace {

using namespace fiberlab;
using test::performed;

// A standard descriptor that is another one for the life of this object.
class replaced {
public:
    replaced(int standard, const std::string& path, int flags)
        : standard_{standard}, kept_{::fcntl(standard, F_DUPFD_CLOEXEC, 3)} {
        const descriptor opened{::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR)};
        ::dup2(opened.get(), standard);
    }
    ~replaced() { ::dup2(kept_.get(), standard_); }
    replaced(const replaced&) = delete;
    replaced& operator=(const replaced&) = delete;
    replaced(replaced&&) = delete;
    replaced& operator=(replaced&&) = delete;

private:
    int standard_;
    descriptor kept_;
};

class files {
public:
    std::string operator()(const std::string& called) const { return (folder_.path() / called).string(); }
    std::string write(const std::string& called, const std::string& bytes) const {
        std::ofstream{(*this)(called), std::ios::binary} << bytes;
        return (*this)(called);
    }
    std::string read(const std::string& called) const {
        std::ifstream from{(*this)(called), std::ios::binary};
        return {std::istreambuf_iterator<char>{from}, {}};
    }

private:
    test::temporary_folder folder_;
};

// A pipe with a name, whose writing end the test holds.
struct named_pipe {
    named_pipe(const files& folder, const std::string& called) : path{folder(called)} {
        REQUIRE(::mkfifo(path.c_str(), S_IRUSR | S_IWUSR) == 0);
        reader = descriptor{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
        writer = descriptor{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    }
    bool takes_more() const {
        pollfd asked{.fd = writer.get(), .events = POLLOUT, .revents = 0};
        return ::poll(&asked, 1, 0) == 1;
    }
    int unread() const {
        int bytes = 0;
        ::ioctl(writer.get(), FIONREAD, &bytes);
        return bytes;
    }

    std::string path;
    descriptor reader;  // keeps it open until the program has it open
    descriptor writer;
};

// Every byte value, another sequence for each seed.
std::string noise(std::size_t size, std::uint32_t seed) {
    std::string bytes(size, '\0');
    for (char& each : bytes) {
        seed = seed * 1'664'525U + 1'013'904'223U;
        each = static_cast<char>(seed >> 24U);
    }
    return bytes;
}

struct joined {
    performed done;
    std::string output;
};

joined join(const files& folder, const std::vector<std::string>& operands, const test::options_given& options = {},
            const std::function<void(const stop_source&)>& beside = {}) {
    joined result;
    {
        const replaced output{STDOUT_FILENO, folder("output"), O_WRONLY | O_CREAT | O_TRUNC};
        result.done = test::perform(
            demos::bridge(),
            {.options = options, .operands = operands, .settings = {.mode = run_mode::real}, .beside = beside});
    }
    result.output = folder.read("output");
    return result;
}

TEST_CASE("files are joined in order, byte for byte") {
    const files folder;
    const std::vector<std::size_t> sizes{3'000'001, 0, 1, 262'144, 700'000, 5};
    std::vector<std::string> paths;
    std::string all;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const std::string bytes = noise(sizes[i], static_cast<std::uint32_t>(i) + 1);
        paths.push_back(folder.write("file " + std::to_string(i), bytes));
        all += bytes;
    }
    for (const char* const ahead : {"0", "1", "20"}) {
        const joined result = join(folder, paths, {{"ahead", ahead}, {"capacity", "1"}});
        CHECK(result.done.outcome.how == run_outcome::kind::completed);
        CHECK(demo::judge(result.done.report) == demo::verdict::held);
        CHECK_FALSE(result.done.report.exit_code.has_value());
        CHECK((result.output == all));
    }
}

TEST_CASE("a dash is standard input, once") {
    const files folder;
    const std::string typed = noise(3'000'000, 1);
    const replaced input{STDIN_FILENO, folder.write("input", typed), O_RDONLY};
    const joined result = join(folder, {folder.write("a", "first\n"), "-", folder.write("b", "last\n"), "-"});
    CHECK((result.output == "first\n" + typed + "last\n"));
    CHECK_FALSE(result.done.report.exit_code.has_value());
}

TEST_CASE("what can't be read is named, the rest is joined, and the exit code is 1") {
    const files folder;
    std::filesystem::create_directory(folder("folder"));
    const joined result =
        join(folder, {folder("none"), folder.write("a", "one\n"), folder("folder"), folder.write("b", "two\n")});
    CHECK(result.done.outcome.how == run_outcome::kind::completed);
    CHECK(result.output == "one\ntwo\n");
    CHECK(result.done.report.exit_code == 1);
    REQUIRE(result.done.report.notes.size() == 2);
    CHECK(result.done.report.notes[0] == "Failed: " + folder("none") + ": No such file or directory");
    CHECK(result.done.report.notes[1] == "Failed: " + folder("folder") + ": Is a directory");
}

TEST_CASE("a file that is the output as well is not joined to itself") {
    const files folder;
    const joined result = join(folder, {folder.write("a", "one\n"), folder("output")});
    CHECK(result.output == "one\n");
    CHECK(result.done.report.exit_code == 1);
    REQUIRE(result.done.report.notes.size() == 1);
    CHECK(result.done.report.notes[0] == "Failed: " + folder("output") + ": is the output as well");
}

TEST_CASE("a full disk ends the run, though the input goes on for ever or falls silent") {
    const files folder;
    const named_pipe silent{folder, "silent"};
    CHECK(::write(silent.writer.get(), "no more\n", 8) == 8);
    const replaced output{STDOUT_FILENO, "/dev/full", O_WRONLY};
    for (const std::string& input : {std::string{"/dev/zero"}, silent.path}) {
        const performed done =
            test::perform(demos::bridge(), {.operands = {input, "/dev/zero"}, .settings = {.mode = run_mode::real}});
        CHECK(done.outcome.how == run_outcome::kind::completed);
        CHECK(done.report.exit_code == 1);
        REQUIRE(done.report.notes.size() == 1);
        CHECK(done.report.notes[0] == "Failed: standard output: No space left on device");
    }
}

TEST_CASE("a reader of the output that goes away ends the run") {
    ::signal(SIGPIPE, SIG_IGN);  // as the program does
    const files folder;
    REQUIRE(::mkfifo(folder("pipe").c_str(), S_IRUSR | S_IWUSR) == 0);
    descriptor reader{::open(folder("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    const replaced output{STDOUT_FILENO, folder("pipe"), O_WRONLY};
    const performed done = test::perform(
        demos::bridge(),
        {.operands = {"/dev/zero"}, .settings = {.mode = run_mode::real}, .beside = [&](const stop_source&) {
             char first = 1;
             while (::read(reader.get(), &first, 1) != 1) {
                 yield();
             }
             reader.reset();
         }});
    CHECK(done.outcome.how == run_outcome::kind::completed);
    CHECK(done.report.output_closed);
}

TEST_CASE("an interrupt ends the run in the middle of an endless file, and what was written is its beginning") {
    const files folder;
    const joined result = join(folder, {folder.write("a", "one\n"), "/dev/zero", folder.write("b", "never\n")}, {},
                               [&](const stop_source& interrupt) {
                                   std::error_code missing;
                                   while (std::filesystem::file_size(folder("output"), missing) <= 4 || missing) {
                                       missing.clear();
                                       yield();
                                   }
                                   interrupt.request_stop("SIGINT");
                               });
    CHECK(result.done.outcome.how == run_outcome::kind::completed);
    CHECK(demo::judge(result.done.report) == demo::verdict::held);
    CHECK(result.output.starts_with("one\n"));
    CHECK(result.output.find_first_not_of('\0', 4) == std::string::npos);
}

TEST_CASE("an interrupt ends the wait for a silent file and for a reader of the output that takes nothing") {
    const files folder;
    const named_pipe silent{folder, "silent"};
    CHECK(::write(silent.writer.get(), "more?\n", 6) == 6);
    const joined waiting = join(folder, {silent.path}, {}, [&](const stop_source& interrupt) {
        while (folder.read("output") != "more?\n") {
            yield();
        }
        interrupt.request_stop("SIGINT");
    });
    CHECK(waiting.done.outcome.how == run_outcome::kind::completed);
    CHECK(demo::judge(waiting.done.report) == demo::verdict::held);

    const named_pipe full{folder, "full"};
    CHECK(::write(full.writer.get(), "x", 1) == 1);  // so that the pipe is full in the middle of a block
    const replaced output{STDOUT_FILENO, full.path, O_WRONLY};
    const performed blocked = test::perform(
        demos::bridge(),
        {.operands = {"/dev/zero"}, .settings = {.mode = run_mode::real}, .beside = [&](const stop_source& interrupt) {
             while (full.takes_more()) {
                 yield();
             }
             interrupt.request_stop("SIGINT");
         }});
    CHECK(blocked.outcome.how == run_outcome::kind::completed);
    CHECK(demo::judge(blocked.report) == demo::verdict::held);
}

TEST_CASE("what is ready behind a silent head is read ahead, and its wait is measured") {
    const files folder;
    named_pipe head{folder, "head"};
    named_pipe later{folder, "later"};
    CHECK(::write(later.writer.get(), "later\n", 6) == 6);
    const joined result = join(folder, {head.path, later.path}, {}, [&](const stop_source&) {
        while (later.unread() != 0) {
            yield();
        }
        CHECK(folder.read("output").empty());
        CHECK(::write(head.writer.get(), "head\n", 5) == 5);
        head.writer.reset();
        later.writer.reset();
    });
    CHECK(result.done.outcome.how == run_outcome::kind::completed);
    CHECK(result.output == "head\nlater\n");
    const auto& latencies = result.done.report.latencies;
    REQUIRE(latencies.size() == 2);
    CHECK(latencies[1].first == "ready_behind_the_head");
    CHECK(latencies[1].second.count == 1);
}

TEST_CASE("large files are read ahead in bounded memory only") {
    const files folder;
    const std::string large = noise(1'000'000, 1);
    named_pipe head{folder, "head"};
    CHECK(::write(head.writer.get(), "head\n", 5) == 5);
    std::vector<std::string> operands(60, folder.write("large", large));
    operands.insert(operands.begin(), head.path);
    const joined result = join(folder, operands, {{"ahead", "64"}, {"capacity", "16"}}, [&](const stop_source&) {
        while (head.unread() != 0) {
            yield();
        }
        head.writer.reset();
    });
    CHECK(result.output.size() == 5 + 60 * large.size());
    CHECK(result.output.ends_with(large));
    CHECK(test::count_of(result.done.report, "most_waiting_bytes") < 16 << 20);
}

}  // namespace
