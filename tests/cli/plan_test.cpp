#include "apps/fiberlab/plan.hpp"

#include <doctest/doctest.h>

#include "tests/fakelab/commands.hpp"

namespace fiberlab::cli {

namespace {

invocation read(const std::vector<std::string>& words, const std::string& variable = "",
                const std::string& value = "") {
    static const command_list commands = test::fake_commands();
    return read_command_line(words, commands, [&](const std::string& name) {
        return name == variable ? std::optional{value} : std::nullopt;
    });
}

std::string repeated(const std::vector<std::string>& words) {
    const invocation asked = read(words);
    return repeat_line(asked, plan_run(asked));
}

}  // namespace

TEST_CASE("a built-in workload runs in virtual time, and in real time when asked to") {
    CHECK(plan_run(read({"relay"})).time == demo::timing::virtual_time);
    CHECK(plan_run(read({"relay", "--time", "real"})).time == demo::timing::real);
    CHECK_FALSE(plan_run(read({"relay"})).data_on_stdout);
}

TEST_CASE("real input means real time, and standard output for the data alone") {
    const run_plan plan = plan_run(read({"copy", "file"}));
    CHECK(plan.time == demo::timing::real);
    CHECK(plan.data_on_stdout);
    CHECK(plan.report_path.empty());
}

TEST_CASE("a story is told live in real time, but not by a filter") {
    CHECK_FALSE(plan_run(read({"relay"})).live);
    CHECK(plan_run(read({"relay", "--time", "real"})).live);
    CHECK(plan_run(read({"start", "--", "sh"})).live);
    CHECK_FALSE(plan_run(read({"copy", "file"})).live);
}

TEST_CASE("virtual time with real input is refused, by the name of who asked for it") {
    CHECK_THROWS_AS(plan_run(read({"copy", "file", "--time", "virtual"})), demo::usage_error);
    CHECK_THROWS_WITH(plan_run(read({"copy", "file"}, "FIBERLAB_TIME", "virtual")),
                      doctest::Contains("FIBERLAB_TIME=virtual: "));
}

TEST_CASE("JSON beside data needs a file") {
    CHECK_THROWS_WITH(plan_run(read({"copy", "file", "--json"})),
                      "--json needs --report FILE here: standard output carries the data alone");
    CHECK_THROWS_WITH(plan_run(read({"copy", "file", "--format", "ndjson"})),
                      doctest::Contains("--format ndjson needs --report FILE"));
    CHECK_THROWS_WITH(plan_run(read({"copy", "file"}, "FIBERLAB_FORMAT", "json")),
                      doctest::Contains("FIBERLAB_FORMAT=json needs --report FILE"));
    CHECK(plan_run(read({"copy", "file", "--json", "--report", "r.json"})).report_path == "r.json");
    CHECK_NOTHROW(plan_run(read({"copy", "--json"})));
}

TEST_CASE("Boost's channels run in real time, where a command can") {
    const run_plan plan = plan_run(read({"relay", "--channel", "boost"}));
    CHECK(plan.boost_channels);
    CHECK(plan.time == demo::timing::real);
    CHECK_THROWS_WITH(plan_run(read({"relay", "--channel", "boost", "--time", "virtual"})),
                      doctest::Contains("know real time only"));
    CHECK_THROWS_WITH(plan_run(read({"mishap", "--channel", "boost"})), doctest::Contains("have no select"));
}

TEST_CASE("a run can be repeated from its report") {
    CHECK(repeated({"relay"}) == "fiberlab relay --seed 1");
    CHECK(repeated({"-q", "relay", "--loud", "--items", "2k", "--seed", "9", "--stage", "match: a'b", "--stage",
                    "upper", "--time", "real"}) ==
          "fiberlab relay --items 2k --loud --stage 'match: a'\\''b' --stage upper --time real --seed 9");
    CHECK(repeated({"copy", "a b", "c"}) == "fiberlab copy --seed 1 'a b' c");
    CHECK(repeated({"start", "--items", "2", "--", "sh", "-c", "exit 7"}) ==
          "fiberlab start --items 2 --seed 1 -- sh -c 'exit 7'");
    CHECK(repeated({"lock", "pick", "iron"}) == "fiberlab lock pick --seed 1 iron");
    CHECK(repeated({"relay", "--channel", "boost"}) == "fiberlab relay --channel boost --seed 1");
}

TEST_CASE("what the environment gave is part of the repetition") {
    const invocation asked = read({"relay"}, "FIBERLAB_ITEMS", "9");
    CHECK(repeat_line(asked, plan_run(asked)) == "fiberlab relay --items 9 --seed 1");
}

TEST_CASE("the line that repeats a run is read as the same run") {
    const invocation asked = read({"relay", "--items", "2k", "--loud=false", "--hold", "2ms"});
    CHECK(repeat_line(asked, plan_run(asked)) == "fiberlab relay --items 2k --hold 2ms --loud=false --seed 1");
    const invocation again = read({"relay", "--items", "2k", "--hold", "2ms", "--loud=false", "--seed", "1"});
    CHECK(again.options.count("items") == asked.options.count("items"));
    CHECK_FALSE(again.options.flag("loud"));
}

}  // namespace fiberlab::cli
