#include "patterns/pipeline/text/pattern.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "patterns/pipeline/text/newline_guard.hpp"
#include "patterns/pipeline/text/stages.hpp"
#include "patterns/pipeline/text/utf8.hpp"
#include "tests/patterns/pipeline/text_lab.hpp"

namespace fiberlab::pipeline_text {

namespace {

using test::dice;
using test::random_text;

constexpr shortcuts none{.whole_blocks = false, .literals = false, .backtracking = false};

// Expressions that a search over several lines could get wrong, and what the guard knows and doesn't.
const std::vector<std::string> tricky{
    "a[^b]*c",
    "[^a]",
    "\\s",
    "o\\s*$",
    "^\\s*a",
    "\\W+b",
    "\\D\\D$",
    "[\\s,]a",
    "[^\\S]b",
    "[\\Wx]",
    "[\\s-]b",
    "[^]a]b",
    "[^-a]b",
    "[^\\]-]x",
    "[]-]",
    "[[:space:]]a",
    "[[:cntrl:]]",
    "[^[:alpha:]]$",
    "[[:^alpha:]]b",
    "(?s)a.b",
    "(?s).+",
    "\\Aa",
    "b\\z",
    "b\\Z",
    "\\Ga",
    "(?-m)^a",
    "\\n",
    "a\\Rb",
    "\\v",
    "\\h+$",
    "[\\x00-\\x1f]",
    "\\x0a",
    "\\012",
    "a\\x20",
    "^",
    "$",
    "^$",
    "",
    "x*",
    "(?!a)",
    "(?!\\s)b?$",
    "(?<!a)b",
    "(?<=o )[a-z]",
    "(?<=^|\\s)b",
    "foo(?=\\s)",
    "(?=.*error)f",
    "(?i)ERROR",
    "(?i:e)rror",
    "a(?i)B",
    "(?>a+)b",
    "a++b",
    "(a)\\1",
    "(?<n>a)b",
    "(?P<n>a)b",
    "b|^",
    "$|a",
    "\\bfoo\\b",
    "\\B.\\B",
    "a|ab|aab",
    "(a|ab)(c|bcd)?",
    "a*?b",
    "a{2}b",
    "(?:ab){1,2}",
    "a{,2}",
    "[a{]b",
    "\\Q.\\E0",
    "[\\Q]\\E]",
    "(?x) a b",
    "(?#note)a",
    "é",
    "[é€]",
    "é?",
    ".",
    "^.{3}$",
    "\\x{20AC}",
    "\\p{L}+",
    "\\pN",
    "[^é]é",
    "(?i)É",
    "\\w+",
    R"((\w+)\s(\w+))",
    "([^ ]+) +([^ ]*)$",
    ".*error.*(5)",
    "(foo|bar) .*by",
    "by .*1",
    "[a-z]+error",
    "a+ 5?0{0,2}",
    "(xx)?foo",
    "(?:xx )+foo",
    R"(\d+\.\d+)",
    "[\t-\r]",
    "[\\t-\\r]",
    "a\tb|\\t$",
    "[^\\n]",
    "(*ANYCRLF)a$",
    "\\r$",
    "[\r]",
    "\\N+",
};

std::string marked(const std::string& expression, shortcuts allowed, std::string_view input, dice* cuts,
                   block_limits limits) {
    auto what = pattern::compile(expression, allowed);
    if (!what) {
        return "refused: " + what.error().what;
    }
    const std::string text = what->groups() > 0 ? "<\\0|\\1>" : "<\\0>";
    auto with = parse_replacement(text, what->groups());
    test::stage_list stages;
    stages.push_back(make_replace(*std::move(what), *std::move(with), limits));
    return test::text_line{std::move(stages), limits}.run(input, cuts);
}

std::string kept(const std::string& expression, shortcuts allowed, std::string_view input) {
    auto what = pattern::compile(expression, allowed);
    if (!what) {
        return "refused: " + what.error().what;
    }
    test::stage_list stages;
    stages.push_back(make_match(*std::move(what)));
    return test::text_line{std::move(stages)}.run(input);
}

TEST_CASE("no shortcut changes a result: whole blocks, literals, either engine, each line alone") {
    const std::array ways{
        shortcuts{},
        shortcuts{.whole_blocks = false},
        shortcuts{.literals = false},
        shortcuts{.backtracking = false},
        shortcuts{.whole_blocks = false, .literals = false},
    };
    for (const auto& expression : tricky) {
        CAPTURE(expression);
        for (const auto script : {test::script::ascii, test::script::utf8, test::script::garbled}) {
            for (std::uint64_t seed = 1; seed <= 4; ++seed) {
                CAPTURE(seed);
                dice d{seed};
                const std::string input = random_text(d, 50, script);
                const block_limits one_line{.block_bytes = 1, .line_bytes = 10'000};
                const std::string lines = kept(expression, none, input);
                const std::string replaced = marked(expression, none, input, nullptr, one_line);
                for (const auto& way : ways) {
                    CAPTURE(way.whole_blocks);
                    CAPTURE(way.literals);
                    CAPTURE(way.backtracking);
                    CHECK(kept(expression, way, input) == lines);
                    CHECK(marked(expression, way, input, nullptr, {}) == replaced);
                }
            }
        }
    }
}

TEST_CASE("no match crosses a newline, whatever the expression") {
    for (const auto& expression : tricky) {
        CAPTURE(expression);
        const std::string out = marked("(?:" + expression + ")", {}, "a b\n\nab\n b\nfoo\nerror 5\n", nullptr, {});
        if (out.starts_with("refused")) {
            continue;
        }
        int depth = 0;
        for (const char c : out) {
            depth += c == '<' ? 1 : c == '>' ? -1 : 0;
            CHECK_FALSE((c == '\n' && depth != 0));
        }
    }
}

TEST_CASE("the guard leaves no way to see a newline, or says that it can't") {
    CHECK(guard_newlines("a[^b]\\s\\D\\W.") == "a[^\\nb][^\\S\\n][^\\d\\n][^\\w\\n].");
    CHECK(guard_newlines("[^]x][^-x][\\s,]") == "[^\\n\\]x][^\\n\\-x][ \\t\\r\\f\\x0b,]");
    CHECK(guard_newlines("(?:a|(?=b)|(?<!c))\\.\\d[[:alpha:]]$") == "(?:a|(?=b)|(?<!c))\\.\\d[[:alpha:]]$");
    for (const std::string unknown :
         {"\\A",     "\\z",       "\\Z",           "\\G",         "\\R",          "\\v",      "\\n",
          "\\x0a",   "\\012",     "(?s).",         "(?m)^",       "(?x)a",        "(*CRLF)a", "(?#a)",
          "\\Qa\\E", "[\\Qa\\E]", "[\\x00-\\x20]", "[[:space:]]", "[[:^alpha:]]", "[\\W]",    "[\t-a]",
          "[\\t-a]", "\n",        "(?R)",          "[\\s-a]",     "(?-i)a",       "(?is)a",   "\\N{U+0A}"}) {
        CAPTURE(unknown);
        CHECK_FALSE(guard_newlines(unknown));
    }
}

TEST_CASE("a required literal is in every match") {
    CHECK(required_literal("^.* (timeout|refused) by [a-z]+") == " by ");
    CHECK(required_literal(".*error.*") == "error");
    CHECK(required_literal("[a-z]+(?:x|y)(Error)+: \\w") == "Error");
    CHECK(required_literal("\\d\\.\\d\\[ab\\]x") == "[ab]x");
    CHECK(required_literal("\\d+ab+c") == "ab");
    CHECK(required_literal("\\d+abc*d") == "ab");
    CHECK(required_literal("\\d+abc{2,3}de{1}f") == "ab");
    CHECK(required_literal("\\d+ab?c") == "");
    CHECK(required_literal("\\d+aé?c") == "");
    CHECK(required_literal("[(|]ab[])|]cde") == "cde");
    CHECK(required_literal("[[:alpha:]|]abc") == "abc");
    CHECK(required_literal("\\d(abc)?(abc){0,1}(abc)*") == "");
    CHECK(required_literal(".abc|def") == "");
    CHECK(required_literal(".abc(?i)def") == "");
    CHECK(required_literal(".(?i:abc)def") == "");
    CHECK(required_literal(".(?!abc)de") == "de");
    CHECK(required_literal("\\Dab\\bcd\\x") == "ab");
    // PCRE2 finds that start by itself.
    CHECK(required_literal("error.*by") == "");
}

TEST_CASE("a literal is found wherever it is") {
    for (const std::string text : {"ab", "aab", " by ", "error"}) {
        const literal_finder finder{text};
        dice d{text.size()};
        for (int i = 0; i < 2000; ++i) {
            std::string in;
            for (std::size_t n = d.below(300); n > 0; --n) {
                in += "aber yor "[d.below(9)];
            }
            const std::size_t from = d.below(in.size() + 3);
            REQUIRE(finder.find(in, from) == in.find(text, from));
        }
    }
}

TEST_CASE("an expression that backtracks without end is handed to the linear engine") {
    const std::string exes(3000, 'x');       // more than the compiled code's stack can take
    const std::string fewer_exes(200, 'x');  // not so, but more steps than anybody would wait for
    std::string ab;
    for (int i = 0; i < 50'000; ++i) {
        ab += "ab";
    }
    const std::string input = "ok y\n" + fewer_exes + "\n" + exes + "\n" + exes + "y\n" + ab + "\nxxz\n";
    for (const std::string expression : {"(x+x+)+[yz]", "(x|xx)+[yz]", "^(x+)+$[yz]?", "(.*)(.*)(.*)(.*)(.*)[yz]",
                                         "(a|b)*$", "(?:ab)+[cd]", "(?:a|b|ab)*c?$", "(\\w+)(\\w+)[yz]"}) {
        CAPTURE(expression);
        CHECK(kept(expression, {}, input) == kept(expression, none, input));
        CHECK(marked(expression, {}, input, nullptr, {}) == marked(expression, none, input, nullptr, {}));
    }
}

TEST_CASE("one that only PCRE2 knows gives up with the line and what to do") {
    auto stage = parse_stage("match:(?=x)(x+x+)+[yz]");
    REQUIRE(stage);
    block b = "fine y\n" + std::string(200, 'x') + "\n";
    const auto given_up = (*stage)->transform(b);
    REQUIRE_FALSE(given_up);
    CHECK(given_up.error() == "match: the expression tries too many ways to match the line that begins with '" +
                                  std::string(60, 'x') +
                                  "'; avoid one repetition inside another, and back-references or look-around where it "
                                  "can do without");
}

TEST_CASE("lines far longer than a block are searched in time that grows with their length only") {
    std::string input;
    for (int i = 0; i < 400'000; ++i) {
        input += "ab";
    }
    input += "\nshort ab!\n";
    for (const std::string expression : {"(?:ab)+[cd!]", "(\\w+)(\\w+)!", "[^!]*b!", "[a-z]+.*ab!"}) {
        CAPTURE(expression);
        CHECK(kept(expression, {}, input) == "short ab!\n");
    }
}

TEST_CASE("UTF-8 is told from what is none") {
    CHECK(is_utf8(""));
    CHECK(is_utf8("aé€\U0001F600"));
    CHECK(is_utf8(std::string(100, 'a') + "é" + std::string(100, 'a')));
    for (const std::string broken : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                     "\xf8\x88\x80\x80\x80", "\xe2\x82", "\xff"}) {
        for (const std::size_t before : {0U, 5U, 31U, 32U, 33U, 300U}) {
            CHECK_FALSE(is_utf8(std::string(before, 'a') + broken));
            CHECK_FALSE(is_utf8(std::string(before, 'a') + broken + "é" + std::string(64, 'a')));
            CHECK_FALSE(is_ascii(std::string(before, 'a') + broken + std::string(300, 'a')));
        }
    }
    CHECK(is_ascii(std::string(1000, 'a')));
    CHECK(character_length("aé€", 0) == 1);
    CHECK(character_length("aé€", 1) == 2);
    CHECK(character_length("aé€", 2) == 1);
    CHECK(character_length("aé€", 3) == 3);
}

}  // namespace

}  // namespace fiberlab::pipeline_text
