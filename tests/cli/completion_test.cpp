#include "apps/fiberlab/completion.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/cli/fakelab.hpp"
#include "tests/fakelab/commands.hpp"
#include "tests/support/child.hpp"
#include "tests/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fiberlab::cli {

namespace {

using words = std::vector<std::string>;

words offered(const words& typed) {
    static const command_list commands = test::fake_commands();
    words texts;
    for (const candidate& each : complete(commands, typed).all) {
        texts.push_back(each.text);
    }
    return texts;
}

bool offers_files(const words& typed) {
    return complete(test::fake_commands(), typed).files;
}

// What bash itself makes of the line, with the cursor at its end: it takes the words apart by its own rules.
test::finished bash(const std::string& line) {
    const std::string script =
        "source <(\"$1\" completion bash)\n"
        "fiberlab() { \"$FAKE\" \"$@\"; }\n"
        "COMP_WORDS=() COMP_CWORD=0\n" +
        line + "\n_fiberlab\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
    return test::run({.arguments = {"bash", "--norc", "-c", script, "bash", test::fakelab()},
                      .environment = {{"FAKE", test::fakelab()}}});
}

}  // namespace

TEST_CASE("commands are completed, groups as one word") {
    CHECK(offered({""}) ==
          words{"relay", "copy", "mishap", "start", "endless", "lock", "help", "doctor", "completion"});
    CHECK(offered({"re"}) == words{"relay"});
    CHECK(offered({"lock", ""}) == words{"pick"});
    CHECK(offered({"--seed", "5", "re"}) == words{"relay"});
    CHECK(offered({"zzz"}).empty());
    CHECK(offered({}).size() == 9);
}

TEST_CASE("a command's own options and the global ones are completed") {
    CHECK(offered({"relay", "--it"}) == words{"--items"});
    CHECK(offered({"relay", "--se"}) == words{"--seed"});
    CHECK(offered({"relay", "--items", "5", "--cap"}) == words{"--capacity"});
    CHECK(offered({"lock", "pick", "--k"}) == words{"--keys"});
    const words all = offered({"copy", "--"});
    CHECK(std::ranges::find(all, "--input") != all.end());
    CHECK(std::ranges::find(all, "--explain") != all.end());
    CHECK(std::ranges::find(all, "--items") == all.end());
}

TEST_CASE("choices are completed, in both spellings") {
    CHECK(offered({"relay", "--variant", ""}) == words{"fixed", "lossy", "unjudged"});
    CHECK(offered({"relay", "--variant=l"}) == words{"--variant=lossy"});
    CHECK(offered({"relay", "--time", "r"}) == words{"real"});
    CHECK(offered({"--time", "v"}) == words{"virtual"});
    CHECK(offered({"relay", "--items", ""}).empty());
}

TEST_CASE("operands are completed as what they are") {
    CHECK(offered({"lock", "pick", ""}) == words{"brass", "iron"});
    CHECK(offers_files({"copy", ""}));
    CHECK(offers_files({"relay", "--report", ""}));
    CHECK(offers_files({"start", "--", "s"}));
    CHECK_FALSE(offers_files({"start", ""}));
    CHECK_FALSE(offers_files({"relay", ""}));
}

TEST_CASE("topics of help and shells are completed") {
    CHECK(offered({"help", "ex"}) == words{"exit-codes"});
    CHECK(offered({"help", "re"}) == words{"relay"});
    CHECK(offered({"completion", ""}) == words{"bash", "zsh", "fish"});
    CHECK(offered({"completion", "bash", ""}).empty());
    CHECK(offered({"doctor", ""}).empty());
}

TEST_CASE("bash completes commands, options and choices") {
    const auto reply = [](const std::string& words_so_far, int at) {
        return bash("COMP_WORDS=(fiberlab " + words_so_far + ") COMP_CWORD=" + std::to_string(at)).out;
    };
    CHECK(reply("re", 1) == "relay\n");
    CHECK(reply("lock ''", 2) == "pick\n");
    CHECK(reply("relay --it", 2) == "--items\n");
    CHECK(reply("relay --variant l", 3) == "lossy\n");
    CHECK(reply("relay --variant ''", 3) == "fixed\nlossy\nunjudged\n");
    // Bash takes the word apart at the =.
    CHECK(reply("relay --variant = l", 4) == "lossy\n");
    CHECK(reply("relay --variant =", 3) == "fixed\nlossy\nunjudged\n");
    CHECK(reply("relay --hold = 5ms --variant = u", 7) == "unjudged\n");
}

TEST_CASE("an interactive bash completes a line as it is typed") {
    const test::temporary_folder home;
    test::write_file(home.path() / "rc",
                     "PATH='" + home.path().string() + "':$PATH\nsource <(fiberlab completion bash)\nPS1='ready> '\n");
    std::filesystem::create_symlink(test::fakelab(), home.path() / "fiberlab");
    test::child shell{{.arguments = {"bash", "--rcfile", (home.path() / "rc").string(), "-i"},
                       .keep_input_open = true,
                       .typed = true,
                       .terminal = true,
                       .patience = std::chrono::seconds{20}}};
    REQUIRE(shell.wait_for_output("ready> "));
    shell.type("fiberlab rel\t--varia\tlos\t; echo code=$?\n");
    // Not what was typed, which the terminal echoes.
    CHECK(shell.wait_for_output("code=4"));
    shell.type("exit\n");
    const test::finished done = shell.finish();
    CHECK(done.out.find("Again: fiberlab relay --variant lossy --seed 1") != std::string::npos);
}

TEST_CASE("there is a script for each of three shells and no other") {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        CHECK(shell_script(shell).find("__complete") != std::string::npos);
    }
    CHECK_THROWS_WITH(shell_script("bsh"), doctest::Contains("did you mean bash?"));
    CHECK_THROWS_WITH(shell_script(""), "which shell? bash, zsh or fish");
}

}  // namespace fiberlab::cli
