#include "apps/fiberlab/doctor.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/fakelab.hpp"
#include "tests/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fiberlab::cli {

using test::has;

TEST_CASE("the doctor names the servers with their versions, as text and as JSON") {
    const test::finished text = test::run(test::fakelab({"doctor"}));
    const test::finished json = test::run(test::fakelab({"doctor", "--json"}));
    CHECK(text.exit_code == 0);
    CHECK(json.exit_code == 0);
    const auto whole = nlohmann::json::parse(json.out);
    for (const char* key : {"redis", "postgres", "sockets", "terminal", "cores", "max_map_count", "open_files"}) {
        CAPTURE(key);
        REQUIRE(whole["findings"].contains(key));
        CHECK(has(text.out, whole["findings"][key]["value"].get<std::string>()));
    }
    CHECK(whole["findings"]["redis"]["value"].get<std::string>().find_first_not_of("0123456789.") == std::string::npos);
    CHECK(whole["schema_version"] == 1);
    CHECK(has(text.out, "Every command can run here."));
}

TEST_CASE("a server that is missing, or does not run, is 3 and says what to install") {
    test::launch how = test::fakelab({"doctor"});
    how.environment = {{"FIBERLAB_REDIS_SERVER", "/no/such/redis-server"}};
    const test::finished missing = test::run(how);
    CHECK(missing.exit_code == 3);
    CHECK(has(missing.out, "✗ Redis"));
    CHECK(has(missing.out, "1 missing: the commands that need it exit with 3"));
    const test::temporary_folder folder;
    const std::string mute = (folder.path() / "redis-server").string();
    test::write_file(mute, "#!/bin/sh\nexit 1\n");
    std::filesystem::permissions(mute, std::filesystem::perms::owner_all);
    how.environment = {{"FIBERLAB_REDIS_SERVER", mute}};
    const test::finished silent = test::run(how);
    CHECK(silent.exit_code == 3);
    CHECK(has(silent.out, "does not run"));
}

TEST_CASE("on a terminal the doctor tells its width and colour") {
    test::launch how = test::fakelab({"doctor", "--color", "never"});
    how.terminal = true;
    CHECK(has(test::run(how).out, "80 columns, colour"));
}

TEST_CASE("findings are told by their state") {
    const std::vector<finding> all{{"a", "first", finding::state::fine, "1", ""},
                                   {"b", "second", finding::state::limited, "22", "do this"},
                                   {"c", "third", finding::state::missing, "none", "install that"}};
    CHECK(as_text(all, render::style{false}, 80) ==
          "✓ first   1\n! second  22    do this\n✗ third   none  install that\n\n"
          "1 missing: the commands that need it exit with 3, all others run.\n");
    CHECK(exit_code_of(all) == 3);
    CHECK(exit_code_of({all.begin(), all.end() - 1}) == 0);
}

}  // namespace fiberlab::cli
