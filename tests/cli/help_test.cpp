#include "apps/fiberlab/help.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "apps/fiberlab/render/text.hpp"
#include "tests/cli/fakelab.hpp"
#include "tests/fakelab/commands.hpp"

namespace fiberlab::cli {

namespace {

using test::has;

const command_list& commands() {
    static const command_list all = test::fake_commands();
    return all;
}

const help_writer plain{commands(), render::style{false}, 80};

}  // namespace

TEST_CASE("the overview has a sentence, two examples and the commands in their groups") {
    const std::string text = plain.overview();
    CHECK(text.starts_with("fiberlab runs concurrency patterns"));
    CHECK(has(text, "\nTry\n  fiberlab relay --items 4  four values on their way\n  fiberlab copy "));
    CHECK(has(text, "\nFlow\n  relay       one fiber sends values"));
    CHECK(has(text, "\nLocks\n  lock pick   picks locks by name\n"));
    CHECK(has(text, "\n  doctor "));
    CHECK_FALSE(has(text, "__complete"));
}

TEST_CASE("a command's help leads with its examples and has every option") {
    const std::string text = plain.about(test::relay());
    CHECK(text.starts_with(
        "fiberlab relay: one fiber sends values, another receives them\n\nExamples\n  fiberlab relay "));
    CHECK(has(text, "a value is lost and the run says so (exit code 4)\n"));
    for (const char* option : {"--items N", "--hold TIME", "--loss RATIO", "--loud ", "--stage STAGE", "--url URL",
                               "--seed N", "-q, --quiet", "--explain"}) {
        CAPTURE(option);
        CHECK(has(text, option));
    }
    CHECK(has(text, "(1 or more; default 6)"));
    CHECK(has(text, "(may be repeated)"));
}

TEST_CASE("usage shows the operands") {
    CHECK(has(plain.about(test::copy()), "  fiberlab copy [OPTION…] [FILE…]\n"));
    CHECK(has(plain.about(test::start()), "  fiberlab start [OPTION…] [-- CMD ARG…]\n"));
    CHECK(has(plain.about(test::lock_pick()), "  fiberlab lock pick [OPTION…] brass|iron…\n"));
}

TEST_CASE("every topic has its page") {
    CHECK(has(plain.about("exit-codes"), "  4 "));
    CHECK(has(plain.about("environment"), "FIBERLAB_RELAY_URL  --url: relay\n"));
    CHECK(has(plain.about("environment"), "FIBERLAB_SEED"));
    CHECK(has(plain.about("lock"), "lock pick"));
    CHECK(has(plain.about("lock pick"), "fiberlab lock pick: "));
    for (const auto& [name, _] : built_in_commands()) {
        CHECK(has(plain.about(name), "fiberlab " + name));
    }
    CHECK_THROWS_WITH(plain.about("exitcodes"), "there is no help on 'exitcodes'; did you mean exit-codes?");
}

TEST_CASE("no page is wider than eighty columns") {
    std::string all = plain.overview();
    for (const demo::command* each : commands()) {
        all += plain.about(*each);
    }
    for (const char* topic : {"exit-codes", "environment", "lock", "help", "doctor", "completion"}) {
        all += plain.about(topic);
    }
    std::istringstream lines{all};
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        CHECK(render::columns(line) <= 80);
    }
}

TEST_CASE("the explanation and the version are printed as they are") {
    CHECK(test::run(test::fakelab({"relay", "--explain"})).out == "# relay\n\nIt exists for tests.\n");
    CHECK(test::run(test::fakelab({"--version"})).out == "fiberlab " FIBERLAB_VERSION "\n");
    CHECK(test::run(test::fakelab({"relay", "--version"})).out == "fiberlab " FIBERLAB_VERSION "\n");
}

}  // namespace fiberlab::cli
