#include "apps/fiberlab/command_line.hpp"

#include <doctest/doctest.h>

#include <map>

#include "tests/fakelab/commands.hpp"

namespace fiberlab::cli {

namespace {

using action = invocation::action;
using variables = std::map<std::string, std::string>;

invocation read(const std::vector<std::string>& words, const variables& set = {}) {
    static const command_list commands = test::fake_commands();
    return read_command_line(words, commands, [&](const std::string& name) {
        const auto found = set.find(name);
        return found == set.end() ? std::nullopt : std::optional{found->second};
    });
}

std::string refusal(const std::vector<std::string>& words, const variables& set = {}) {
    try {
        (void)read(words, set);
    } catch (const bad_command_line& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("no words ask for the overview") {
    CHECK(read({}).what == action::overview);
    CHECK(read({"--seed", "5"}).what == action::overview);
}

TEST_CASE("a command has its options, and the defaults of those that were not given") {
    const invocation asked = read({"relay", "--items", "2k", "--loud", "--stage", "a", "--stage=b"});
    CHECK(asked.what == action::run);
    CHECK(asked.command->name == "relay");
    CHECK(asked.options.count("items") == 2000);
    CHECK(asked.options.flag("loud"));
    CHECK(asked.options.list("stage") == std::vector<std::string>{"a", "b"});
    CHECK(asked.options.text("variant") == "fixed");
}

TEST_CASE("global options may stand before the command, after it, and after its last word") {
    CHECK(read({"--seed", "5", "relay"}).globals.count("seed") == 5);
    CHECK(read({"relay", "--seed", "5"}).globals.count("seed") == 5);
    CHECK(read({"relay", "--items", "3", "--seed=5", "-v"}).globals.flag("verbose"));
    CHECK(read({"lock", "pick", "--seed", "5"}).globals.count("seed") == 5);
    CHECK(read({"lock", "--seed", "5", "pick"}).globals.count("seed") == 5);
    CHECK(read({"-qv", "relay"}).globals.flag("quiet"));
}

TEST_CASE("the last of several values counts") {
    CHECK(read({"relay", "--items", "3", "--items", "4"}).options.count("items") == 4);
    CHECK(read({"--seed", "3", "relay", "--seed", "4"}).globals.count("seed") == 4);
}

TEST_CASE("a command of two words is found, and its group alone is asked for help") {
    CHECK(read({"lock", "pick"}).command->name == "lock pick");
    const invocation group = read({"lock"});
    CHECK(group.what == action::help);
    CHECK(group.words == std::vector<std::string>{"lock"});
}

TEST_CASE("help is asked for in every usual way") {
    for (const auto& words : std::vector<std::vector<std::string>>{{"relay", "--help"},
                                                                   {"relay", "-h"},
                                                                   {"--help", "relay"},
                                                                   {"help", "relay"},
                                                                   {"relay", "--items", "4", "-h"}}) {
        const invocation asked = read(words);
        CHECK(asked.what == action::help);
        CHECK(asked.words == std::vector<std::string>{"relay"});
    }
    CHECK(read({"help", "lock", "pick"}).words == std::vector<std::string>{"lock", "pick"});
    CHECK(read({"lock", "pick", "--help"}).words == std::vector<std::string>{"lock pick"});
    CHECK(read({"--help"}).words.empty());
    CHECK(read({"relay", "--explain"}).what == action::explain);
    CHECK(read({"--version"}).what == action::version);
}

TEST_CASE("an operand may have the name of a command") {
    CHECK(read({"copy", "relay", "lock", "help"}).operands == std::vector<std::string>{"relay", "lock", "help"});
    CHECK(read({"copy", "a", "--seed", "5", "b"}).operands == std::vector<std::string>{"a", "b"});
}

TEST_CASE("what follows two dashes is the user's, whatever it looks like") {
    CHECK(read({"start", "--items", "2", "--", "sh", "-c", "--seed", "--"}).operands ==
          std::vector<std::string>{"sh", "-c", "--seed", "--"});
    CHECK(read({"copy", "a", "--", "-b", "--seed"}).operands == std::vector<std::string>{"a", "-b", "--seed"});
    CHECK(read({"copy", "-"}).operands == std::vector<std::string>{"-"});
}

TEST_CASE("words of a list are checked") {
    CHECK(read({"lock", "pick", "iron", "brass", "iron"}).operands ==
          std::vector<std::string>{"iron", "brass", "iron"});
    CHECK(refusal({"lock", "pick", "brss"}) == "lock pick knows no 'brss'; did you mean brass?");
}

TEST_CASE("an option beats a variable, which beats the default") {
    CHECK(read({"relay"}, {{"FIBERLAB_ITEMS", "9"}}).options.count("items") == 9);
    CHECK(read({"relay", "--items", "3"}, {{"FIBERLAB_ITEMS", "9"}}).options.count("items") == 3);
    CHECK(read({"relay", "--items", "3"}, {{"FIBERLAB_ITEMS", "x"}}).options.count("items") == 3);
    CHECK(read({"relay"}, {{"FIBERLAB_ITEMS", ""}}).options.count("items") == 6);
    CHECK(read({"relay"}, {{"FIBERLAB_SEED", "5"}}).globals.count("seed") == 5);
    CHECK(read({"relay", "--json"}, {{"FIBERLAB_FORMAT", "ndjson"}}).globals.text("format") == "json");
    CHECK(read({"relay"}, {{"FIBERLAB_LOUD", "1"}}).options.flag("loud"));
    CHECK_FALSE(read({"relay", "--loud=false"}, {{"FIBERLAB_LOUD", "1"}}).options.flag("loud"));
}

TEST_CASE("an option's own variable is read, and several values come line by line") {
    CHECK(read({"relay"}, {{"FIBERLAB_RELAY_URL", "redis://x"}}).options.text("url") == "redis://x");
    CHECK_FALSE(read({"relay"}, {{"FIBERLAB_URL", "redis://x"}}).options.given("url"));
    CHECK(read({"relay"}, {{"FIBERLAB_STAGE", "upper\nmatch: x"}}).options.list("stage") ==
          std::vector<std::string>{"upper", "match: x"});
}

TEST_CASE("a bad variable is refused by its name") {
    CHECK(refusal({"relay"}, {{"FIBERLAB_ITEMS", "x"}}).starts_with("FIBERLAB_ITEMS: 'x' is no whole number"));
    CHECK(refusal({"relay"}, {{"FIBERLAB_SEED", "-1"}}) == "FIBERLAB_SEED: -1 is below the least, 0");
    CHECK(refusal({"relay"}, {{"FIBERLAB_COLOR", "red"}}).starts_with("FIBERLAB_COLOR: 'red' is none of"));
    // It is not this command's.
    CHECK(refusal({"copy"}, {{"FIBERLAB_ITEMS", "x"}}) == "");
}

TEST_CASE("what is unknown is refused, with what was probably meant") {
    CHECK(refusal({"rely"}) == "there is no command 'rely'; did you mean relay?");
    CHECK(refusal({"hlep"}) == "there is no command 'hlep'; did you mean help?");
    CHECK(refusal({"lock", "pik"}) == "there is no command 'lock pik'; did you mean lock pick?");
    CHECK(refusal({"pick"}) == "there is no command 'pick'; did you mean lock pick?");
    CHECK(refusal({"zzz"}) == "there is no command 'zzz'");
    CHECK(refusal({"relay", "--itmes", "5"}) == "relay has no option --itmes; did you mean --items?");
    CHECK(refusal({"relay", "--itmes=5"}) == "relay has no option --itmes; did you mean --items?");
    CHECK(refusal({"relay", "--sede", "5"}) == "relay has no option --sede; did you mean --seed?");
    CHECK(refusal({"relay", "-x"}) == "relay has no option -x");
    CHECK(refusal({"--versio"}) == "there is no option --versio; did you mean --version?");
}

TEST_CASE("an option before its command is told its place") {
    CHECK(refusal({"--items", "5", "relay"}) == "--items belongs after the command's name: fiberlab relay --items …");
    CHECK(refusal({"--keys", "5"}) == "--keys is an option of a command: fiberlab lock pick --keys …");
}

TEST_CASE("a value that is missing or does not fit is refused") {
    CHECK(refusal({"relay", "--items"}) == "--items needs a value");
    CHECK(refusal({"relay", "--seed"}) == "--seed needs a value");
    CHECK(refusal({"relay", "--items", "--loud"}).starts_with("--items: '--loud' is no whole number"));
    CHECK(refusal({"relay", "--items", "-5"}) == "--items: -5 is below the least, 1");
    CHECK(refusal({"relay", "--items="}).starts_with("--items"));
    CHECK(refusal({"relay", "--variant", "fixd"}) == "--variant: 'fixd' is none of fixed, lossy, unjudged");
    CHECK(refusal({"relay", "--loud=perhaps"}) != "");
    CHECK(refusal({"relay", "--json", "--format", "text"}) == "--json means --format json: give one of the two");
}

TEST_CASE("operands where none belong are refused") {
    CHECK(refusal({"relay", "extra"}) == "relay takes no operand: 'extra'");
    CHECK(refusal({"relay", "--", "x"}) == "relay takes no operand");
    CHECK(refusal({"start", "sh"}) == "the command to run goes after --: fiberlab start -- sh …");
    CHECK(refusal({"start", "--"}) == "there is no command after --");
    CHECK(refusal({"--explain"}).starts_with("--explain needs a command"));
}

TEST_CASE("a refusal leads to the help of what was asked for") {
    const auto help_of = [](const std::vector<std::string>& words) {
        try {
            (void)read(words);
        } catch (const bad_command_line& error) {
            return error.help_about;
        }
        return std::string{"not refused"};
    };
    CHECK(help_of({"relay", "--items", "x"}) == "relay");
    CHECK(help_of({"relay", "--items"}) == "relay");
    CHECK(help_of({"lock", "pick", "--nope"}) == "lock pick");
    CHECK(help_of({"lock", "nope"}) == "lock");
    CHECK(help_of({"nope"}) == "");
}

}  // namespace fiberlab::cli
