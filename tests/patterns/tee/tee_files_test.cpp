#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "patterns/core/byte_stream.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "tests/patterns/perform.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fiberlab::demos {
const demo::command& tee();
}

namespace {

using namespace fiberlab;
using test::performed;

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
    std::uintmax_t size(const std::string& called) const {
        std::error_code missing;
        const std::uintmax_t bytes = std::filesystem::file_size((*this)(called), missing);
        return missing ? 0 : bytes;
    }

private:
    test::temporary_folder folder_;
};

// Every byte value, and no period that fits a block.
std::string noise(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 1;
    for (char& each : bytes) {
        state = state * 1'664'525U + 1'013'904'223U;
        each = static_cast<char>(state >> 24U);
    }
    return bytes;
}

performed copy_files(const std::string& from, const std::string& left, const std::string& right,
                     std::function<void(const stop_source&)> beside = {}) {
    return test::perform(demos::tee(), {.options = {{"input", from}, {"left", left}, {"right", right}},
                                        .settings = {.mode = run_mode::real},
                                        .beside = std::move(beside)});
}

TEST_CASE("real input is on both sides byte for byte") {
    const files folder;
    for (const std::size_t size : {0U, 1U, 262'144U, 3'000'001U}) {
        const std::string bytes = noise(size);
        const performed done = copy_files(folder.write("from", bytes), folder("left"), folder("right"));
        CHECK(done.outcome.how == run_outcome::kind::completed);
        CHECK(demo::judge(done.report) == demo::verdict::held);
        CHECK_FALSE(done.report.exit_code.has_value());
        CHECK((folder.read("left") == bytes));
        CHECK((folder.read("right") == bytes));
    }
}

TEST_CASE("a copy that can't be completed is named, and the other one is complete") {
    const files folder;
    const std::string bytes = noise(1'000'000);
    const performed done = copy_files(folder.write("from", bytes), "/dev/full", folder("right"));
    CHECK(done.outcome.how == run_outcome::kind::completed);
    CHECK(done.report.exit_code == 1);
    REQUIRE(done.report.notes.size() == 1);
    CHECK(done.report.notes[0] == "Failed: writing /dev/full: No space left on device");
    CHECK((folder.read("right") == bytes));
}

TEST_CASE("when neither copy can be written the run ends, though the input goes on or falls silent") {
    const performed endless = copy_files("/dev/zero", "/dev/full", "/dev/full");
    CHECK(endless.outcome.how == run_outcome::kind::completed);
    CHECK(endless.report.exit_code == 1);
    CHECK(endless.report.notes.size() == 2);

    const files folder;
    REQUIRE(::mkfifo(folder("pipe").c_str(), S_IRUSR | S_IWUSR) == 0);
    const descriptor reader{::open(folder("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    const descriptor writer{::open(folder("pipe").c_str(), O_WRONLY | O_CLOEXEC)};
    CHECK(::write(writer.get(), "no more\n", 8) == 8);
    const performed silent = copy_files(folder("pipe"), "/dev/full", "/dev/full");
    CHECK(silent.outcome.how == run_outcome::kind::completed);
    CHECK(silent.report.exit_code == 1);
}

TEST_CASE("a folder as input is named as what can't be read") {
    const files folder;
    const performed done = copy_files(folder(""), folder("left"), folder("right"));
    CHECK(done.report.exit_code == 1);
    REQUIRE(done.report.notes.size() == 1);
    CHECK(done.report.notes[0] == "Failed: reading " + folder("") + ": Is a directory");
}

TEST_CASE("what can't be opened, or is one file twice, is refused before anything is emptied") {
    const files folder;
    const std::string from = folder.write("from", "precious");
    const std::string left = folder.write("left", "old");
    const auto refusal = [](const std::string& a, const std::string& b, const std::string& c) {
        return copy_files(a, b, c).usage;
    };
    CHECK(refusal(folder("none"), left, folder("right")) ==
          "--input " + folder("none") + ": No such file or directory");
    CHECK(refusal(from, left, left) == "--left and --right are the same file");
    CHECK(refusal(from, folder("new"), folder("./new")) == "--left and --right are the same file");
    CHECK(refusal(from, left, from) == "--input is the same file as --right: it would be emptied before it is read");
    std::filesystem::create_hard_link(from, folder("alias"));
    CHECK(refusal(from, folder("alias"), left) ==
          "--input is the same file as --left: it would be emptied before it is read");
    CHECK(folder.read("from") == "precious");
    CHECK(folder.read("left") == "old");
    CHECK(refusal(from, left, folder("no/where")) == "--right " + folder("no/where") + ": No such file or directory");
}

TEST_CASE("real input needs both outputs, and the outputs need real input") {
    CHECK(test::perform(demos::tee(), {.options = {{"input", "x"}, {"left", "y"}}}).usage ==
          "--input needs two files to copy it to: --left FILE and --right FILE");
    CHECK(test::perform(demos::tee(), {.options = {{"right", "y"}}}).usage ==
          "--right needs --input FILE, or --input - for standard input");
}

TEST_CASE("an interrupt leaves two copies that end with the same block") {
    const files folder;
    for (int round = 0; round < 5; ++round) {
        std::filesystem::remove(folder("left"));
        const performed done =
            copy_files("/dev/zero", folder("left"), folder("right"), [&](const stop_source& interrupt) {
                while (folder.size("left") == 0) {
                    yield();
                }
                interrupt.request_stop("SIGINT");
            });
        CHECK(done.outcome.how == run_outcome::kind::completed);
        CHECK(demo::judge(done.report) == demo::verdict::held);
        CHECK_FALSE(done.report.exit_code.has_value());
        CHECK(folder.size("left") > 0);
        CHECK(folder.size("left") == folder.size("right"));
    }
}

// A pipe by name whose reader takes nothing until the test wants it to.
struct slow_pipe {
    explicit slow_pipe(const files& folder) : path{folder("pipe")} {
        REQUIRE(::mkfifo(path.c_str(), S_IRUSR | S_IWUSR) == 0);
        reader = descriptor{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    }
    // Until it is full and the file beside it has a block that does not fit in it.
    void wait_until_full(const files& folder, const std::string& beside) const {
        int unread = 0;
        do {
            yield();
            ::ioctl(reader.get(), FIONREAD, &unread);
        } while (unread != ::fcntl(reader.get(), F_GETPIPE_SZ) ||
                 folder.size(beside) <= static_cast<std::uintmax_t>(unread));
    }

    std::string path;
    descriptor reader;
};

TEST_CASE("after an interrupt a slow pipe still gets the block that the file beside it has") {
    const files folder;
    const slow_pipe pipe{folder};
    std::uintmax_t taken = 0;
    const performed done = copy_files("/dev/zero", folder("left"), pipe.path, [&](const stop_source& interrupt) {
        pipe.wait_until_full(folder, "left");
        interrupt.request_stop("SIGINT");
        std::vector<char> some(std::size_t{1} << 20U);
        for (ssize_t count = -1; count != 0; yield()) {
            count = ::read(pipe.reader.get(), some.data(), some.size());
            taken += count > 0 ? static_cast<std::uintmax_t>(count) : 0;
        }
    });
    CHECK(done.outcome.how == run_outcome::kind::completed);
    CHECK(demo::judge(done.report) == demo::verdict::held);
    CHECK_FALSE(done.report.exit_code.has_value());
    CHECK(taken == folder.size("left"));
}

TEST_CASE("a stop does not wait for ever for a pipe that nobody reads") {
    const files folder;
    const slow_pipe pipe{folder};
    const performed done = copy_files("/dev/zero", folder("left"), pipe.path, [&](const stop_source& interrupt) {
        pipe.wait_until_full(folder, "left");
        interrupt.request_stop("SIGINT");
    });
    CHECK(done.outcome.how == run_outcome::kind::completed);
    CHECK(done.report.exit_code == 1);
    REQUIRE(done.report.notes.size() == 1);
    CHECK(done.report.notes[0] ==
          "Failed: writing " + pipe.path + ": gave up, its reader took nothing for a second after the stop");
}

}  // namespace
