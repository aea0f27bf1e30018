#include "patterns/pipeline/text/text_stage.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/patterns/pipeline/text_lab.hpp"

namespace fiberlab::pipeline_text {

namespace {

using test::dice;
using test::random_text;
using test::through;
using test::tool;

TEST_CASE("match keeps what grep -E keeps") {
    for (const std::string expression : {"error",
                                         "",
                                         "^$",
                                         "^",
                                         "$",
                                         "a*b",
                                         "(foo|bar)+$",
                                         "^[0-9.]+ ",
                                         "[^a]b",
                                         "x{2,3}",
                                         "\\.0",
                                         "by",
                                         "by$",
                                         "[[:digit:]]{2}",
                                         "[^ ]+ [^ ]+$",
                                         "(a|b)*c",
                                         "e.r",
                                         "[[:space:]]$",
                                         "\\bfoo\\b",
                                         R"(a\s+\S+\s)",
                                         "[]x]",
                                         "[^]x]x",
                                         ".*error.*",
                                         "foo|error|timeout by",
                                         "GET /[a-z]+/b\\?x=1",
                                         "^[[:blank:]]*foo",
                                         "nowhere",
                                         "(a)\\1",
                                         "[^[:space:]]{6}",
                                         "-b",
                                         "^\\\\$",
                                         "\\(x\\)",
                                         "12:30",
                                         "[a-]-?b",
                                         "er{1,2}or 5"}) {
        CAPTURE(expression);
        dice d{std::hash<std::string>{}(expression)};
        const std::string input = random_text(d, 150);
        CHECK(through({"match:" + expression}, input) == tool({"grep", "-aE", "-e", expression}, input));
    }
}

TEST_CASE("match reads UTF-8 as grep does in such a locale") {
    dice d{5};
    const std::string input = random_text(d, 200, test::script::utf8);
    for (const std::string expression :
         {"gr..e", "^a.? ", "[äöü]", "€$", "b[^ ]é", "^.{8}$", "日本?", "(?:é)+", "\U0001F600."}) {
        CAPTURE(expression);
        const std::string ours = through({"match:" + expression}, input);
        const std::string bare = expression == "(?:é)+" ? "(é)+" : expression;
        CHECK(ours == tool({"grep", "-aE", "-e", bare}, input, "C.UTF-8"));
        CHECK_FALSE(ours.empty());
    }
}

TEST_CASE("a line with broken bytes is matched byte by byte, and passes as it is") {
    const std::string input = "a\xffz\n\xc3(\n\xe2\x82\nplain\n" + std::string{"a\0z\n", 4};
    CHECK(through({"match:^a.z$"}, input) == "a\xffz\n" + std::string{"a\0z\n", 4});
    CHECK(through({"match:."}, input) == input);
    CHECK(through({"match:^..$"}, input) == "\xc3(\n\xe2\x82\n");
    CHECK(through({"match:€|plain"}, input + "€\xff\n") == "plain\n€\xff\n");
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        CAPTURE(seed);
        dice d{seed};
        const std::string garbled = random_text(d, 60, test::script::garbled);
        CHECK(through({"match:foo|[0-9]{3}"}, garbled) == tool({"grep", "-aE", "foo|[0-9]{3}"}, garbled));
    }
}

TEST_CASE("a block in which nothing matches is left empty") {
    for (const std::string expression : {"zzz", "a.*zzz", "^\\Azzz"}) {
        CAPTURE(expression);
        auto stage = parse_stage("match:" + expression);
        REQUIRE(stage);
        block b = "abc\ndef\n";
        CHECK((*stage)->transform(b) == progress::done);
        CHECK(b.empty());
        CHECK((*stage)->transform(b) == progress::done);  // no lines at all
        CHECK(b.empty());
    }
}

TEST_CASE("replace does what sed -E s///g does") {
    struct pair {
        const char* spec;
        const char* script;
    };
    for (const auto& [spec, script] : {
             pair{"replace:o:0", "s/o/0/g"},
             pair{"replace:x*:-", "s/x*/-/g"},
             pair{"replace:a*:<\\0>", "s/a*/<\\0>/g"},
             pair{"replace:[0-9]*:", "s/[0-9]*//g"},
             pair{"replace:^:> ", "s/^/> /g"},
             pair{"replace:$:;", "s/$/;/g"},
             pair{"replace:^ *| *$:|", "s/^ *| *$/|/g"},
             pair{"replace:([a-z]+) ([a-z]+):\\2 \\1", "s/([a-z]+) ([a-z]+)/\\2 \\1/g"},
             pair{"replace:(foo)|(bar):[\\1,\\2]", "s/(foo)|(bar)/[\\1,\\2]/g"},
             pair{"replace:\\\\:/", "s,\\\\,/,g"},
             pair{R"(replace:([0-9]+)\:([0-9]+):\2:\1)", "s/([0-9]+):([0-9]+)/\\2:\\1/g"},
             pair{"replace:[^ ]+$:end", "s/[^ ]+$/end/g"},
             pair{R"(replace:b:\\&\t.)", R"(s/b/\\\&\t./g)"},
             pair{"replace: +:\\n", "s/ +/\\n/g"},
             pair{"replace:\\s+: ", "s/\\s+/ /g"},
             pair{"replace:nowhere:x", "s/nowhere/x/g"},
             pair{"replace:.*error.*:", "s/.*error.*//g"},
             pair{"replace:(a|b)+:\\0\\1", "s/(a|b)+/&\\1/g"},
             pair{"replace:[[\\:space\\:]]:_", "s/[[:space:]]/_/g"},
         }) {
        CAPTURE(spec);
        for (std::uint64_t seed = 1; seed <= 6; ++seed) {
            CAPTURE(seed);
            dice d{seed};
            const std::string input = random_text(d, 40);
            // A blank behind the first colon would be ignored.
            const std::string ours = std::string_view{spec} == "replace: +:\\n" ? "replace:  +:\\n" : spec;
            CHECK(through({ours}, input) == tool({"sed", "-E", script}, input));
        }
    }
}

TEST_CASE("replace counts characters, and bytes where there are none") {
    CHECK(through({"replace:.:x"}, "aé€\U0001F600\n") == "xxxx\n");
    CHECK(through({"replace:x*:-"}, "é€\n") == "-é-€-\n");
    CHECK(through({"replace:.:x"}, "a\xff\xc3\n") == "xxx\n");
    CHECK(through({"replace:é:e"}, "é\xff é\n") == "e\xff e\n");
}

TEST_CASE("field does what awk's $N does") {
    for (const int number : {1, 2, 3, 7, 1000}) {
        CAPTURE(number);
        dice d{static_cast<std::uint64_t>(number)};
        std::string input = random_text(d, 200);
        std::erase(input, '\r');
        const std::string n = std::to_string(number);
        CHECK(through({"field:" + n}, input) == tool({"awk", "{ print $" + n + " }"}, input));
    }
    CHECK(through({"field: 2"}, "  a\t b  \n\nx\n") == "b\n\n\n");
    CHECK(through({"field:2"}, "a b\r\n") == "b\r\n");
    CHECK(through({"field:4294967295"}, "a b\n") == "\n");
}

TEST_CASE("upper does what tr a-z A-Z does, to every byte") {
    std::string all;
    for (int i = 0; i < 3 * 256; ++i) {
        all += static_cast<char>(i);
    }
    for (std::size_t cut = 0; cut < 70; ++cut) {
        const auto input = std::string_view{all}.substr(cut);
        CHECK(through({"upper"}, input) == tool({"tr", "a-z", "A-Z"}, input));
    }
}

TEST_CASE("count is the number of lines, the unterminated one included") {
    CHECK(through({"count"}, "") == "0\n");
    CHECK(through({"count"}, "\n") == "1\n");
    CHECK(through({"count"}, "a\nb") == "2\n");
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        dice d{seed};
        const std::string input = random_text(d, d.below(300), test::script::garbled);
        CHECK(through({"count"}, input) == tool({"awk", "END { print NR }"}, input));
        CHECK(through({"match:foo", "count"}, input) == tool({"grep", "-ac", "foo"}, input));
    }
    CHECK(through({"count", "count"}, "a\nb\nc\n") == "1\n");
}

TEST_CASE("hash is the SHA-256 of each line without its newline") {
    CHECK(through({"hash"}, "abc\n\n") ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n");
    const std::string odd{"a\0\xff\r", 4};
    CHECK(through({"hash"}, odd) == tool({"sha256sum"}, odd).substr(0, 64) + "\n");
}

TEST_CASE("a last line without a newline: as from grep, sed, awk and tr") {
    CHECK(through({"match:b"}, "a\nb") == "b\n");
    CHECK(through({"match:a"}, "a\nb") == "a\n");
    CHECK(through({"replace:b:c"}, "a\nb") == "a\nc");
    CHECK(through({"field:1"}, "a\nb") == "a\nb\n");
    CHECK(through({"upper"}, "a\nb") == "A\nB");
    CHECK(through({"match:b", "upper"}, "a\nb") == "B\n");
    CHECK(through({"hash"}, "abc").ends_with("15ad\n"));
    for (const std::string spec : {"match:", "replace:x:y", "field:1", "upper", "hash"}) {
        CAPTURE(spec);
        CHECK(through({spec}, "").empty());
    }
}

TEST_CASE("the result does not depend on how the input is cut into blocks") {
    const std::vector<std::vector<std::string>> chains{
        {"match:error|foo$", "upper"},
        {"match:^$"},
        {"match:.*by.*500"},
        {"match:(?<=a)b", "count"},
        {"match:\\Aa", "hash"},
        {"replace:x*:-"},
        {"replace:[^a]*b:<\\0>", "replace:$:;"},
        {"replace:$:\\n", "match:.", "field:2"},
        {"replace:\\s:<blank>", R"(replace:[a-z]:\0\0\0)", "count"},
        {"field:2", "hash", "field:1"},
    };
    for (const auto script : {test::script::ascii, test::script::utf8, test::script::garbled}) {
        for (const auto& chain : chains) {
            CAPTURE(chain.front());
            for (std::uint64_t seed = 1; seed <= 8; ++seed) {
                CAPTURE(seed);
                dice d{seed};
                const std::string input = random_text(d, 80, script);
                const std::string whole = through(chain, input);
                const block_limits limits{.block_bytes = 1 + d.below(300), .line_bytes = 10'000};
                test::text_line pieces{test::stages(chain, limits), limits};
                CHECK(pieces.run(input, &d) == whole);
            }
        }
    }
}

TEST_CASE("stages that make lines longer do so in parts, so that blocks stay small") {
    constexpr block_limits limits{.block_bytes = 1000, .line_bytes = 2000};
    SUBCASE("hash of empty lines") {
        test::text_line line{test::stages({"hash", "count"}, limits), limits};
        CHECK(line.run(std::string(50'000, '\n')) == "50000\n");
        CHECK(line.largest_block() <= 1000);
    }
    SUBCASE("replace, again and again") {
        const std::vector<std::string> chain{"replace:a:aaaaaaaaaa", "replace:a:aaaaaaaaaa", "count"};
        test::text_line line{test::stages(chain, limits), limits};
        std::string input;
        for (int i = 0; i < 20'000; ++i) {
            input += "-a-aa-\n";
        }
        CHECK(line.run(input) == "20000\n");
        CHECK(line.largest_block() <= 3000);
    }
    SUBCASE("one line past the limit is an error") {
        for (const std::string& spec :
             {std::string{"replace:a:bb"}, std::string{"replace:(a):\\1\\1"}, "replace:$:" + std::string(1500, 'x')}) {
            CAPTURE(spec);
            test::text_line line{test::stages({spec}, limits), limits};
            CHECK_THROWS_WITH(
                line.run(std::string(1500, 'a') + "\n"),
                "replace: a line becomes longer than 2000 bytes; replace fewer or longer matches, or by a "
                "shorter text");
        }
    }
    SUBCASE("a line of exactly the limit is none") {
        test::text_line line{test::stages({"replace:a:bb"}, limits), limits};
        CHECK(line.run(std::string(1000, 'a') + "\nx\n") == std::string(2000, 'b') + "\nx\n");
    }
}

TEST_CASE("a blank behind the first colon is ignored, one only") {
    CHECK(through({"match: a"}, "a\n") == "a\n");
    CHECK(through({"match:  a"}, "a\n a\n") == " a\n");
    CHECK(through({"match: "}, "a\n") == "a\n");
    CHECK(through({"replace: a:b"}, "a a\n") == "b b\n");
    CHECK(through({"replace:a: b"}, "a\n") == " b\n");
}

TEST_CASE("colons: the first that is not escaped ends the expression of replace; none ends that of match") {
    CHECK(through({"replace:a\\:b:c:d"}, "a:b\n") == "c:d\n");
    CHECK(through({"replace:a\\\\:c"}, "a\\\n") == "c\n");
    CHECK(through({"replace:(?\\:a|b):c"}, "ab\n") == "cc\n");
    CHECK(through({"replace:a:\\:"}, "a\n") == ":\n");
    CHECK(through({"replace:a:"}, "ab\n") == "b\n");
    CHECK(through({"match:(?:a|b):c"}, "a:c\nac\n") == "a:c\n");
}

TEST_CASE("an error says what, where and what to write instead") {
    struct pair {
        std::string spec;
        std::string error;
    };
    const std::string forms = "match:RE, replace:RE:TEXT, field:N, upper, count, hash";
    for (const auto& [spec, error] : {
             pair{"match:(a",
                  "'match:(a', at its end: missing closing parenthesis; close the group with ), or write \\( for the "
                  "character itself"},
             pair{
                 "match: é)",
                 "'match: é)', character 9: unmatched closing parenthesis; open the group with (, or write \\) for the "
                 "character itself"},
             pair{"match:(a)\\2",
                  "'match:(a)\\2', character 11: reference to non-existent subpattern; groups are counted by their "
                  "opening parentheses, from 1"},
             pair{"match", "'match', at its end: the regular expression is missing; write match:RE, as in match:error"},
             pair{"replace:(a):<\\2>",
                  "'replace:(a):<\\2>', character 14: there is no group \\2: the regular expression has 1 group; put "
                  "parentheses around what it should be, or write \\\\ for a backslash"},
             pair{"replace:a:\\1",
                  "'replace:a:\\1', character 11: there is no group \\1: the regular expression has no group; put "
                  "parentheses around what it should be, or write \\\\ for a backslash"},
             pair{"replace:a:\\q",
                  "'replace:a:\\q', character 11: unknown escape \\q; \\0 to \\9 are groups, \\n a newline, \\t a tab; "
                  "write \\\\ for a backslash"},
             pair{"replace:a:b\\",
                  R"('replace:a:b\', character 12: the text ends in a lone \; write \\ for a backslash)"},
             pair{"replace:x\\:**:b",
                  "'replace:x\\:**:b', character 13: quantifier does not follow a repeatable item; put what is "
                  "repeated before it, or write \\*, \\+ or \\? for the character itself (the expression ends at the "
                  "colon at character 14; a colon inside it is written \\:)"},
             pair{"replace:a",
                  "'replace:a', at its end: the text to put in is missing; write replace:RE:TEXT, or replace:RE: to "
                  "delete what RE matches"},
             pair{"replace",
                  "'replace', at its end: the regular expression is missing; write replace:RE:TEXT, as in "
                  "replace:[0-9]+:N"},
             pair{"replace::x",
                  "'replace::x', character 9: the regular expression is empty; say what to replace, as in "
                  "replace:^:> to put '>' in front of each line"},
             pair{"field",
                  "'field', at its end: the number of the field is missing; write field:N with N from 1, as in "
                  "field:2"},
             pair{"field:",
                  "'field:', at its end: the number of the field is missing; write field:N with N from 1, as "
                  "in field:2"},
             pair{"field:0", "'field:0', character 7: there is no field 0; write field:N with N from 1, as in field:2"},
             pair{"field:2x",
                  "'field:2x', character 8: the number of a field is expected; write field:N with N from 1, "
                  "as in field:2"},
             pair{"field:-1",
                  "'field:-1', character 7: the number of a field is expected; write field:N with N from 1, "
                  "as in field:2"},
             pair{"field:99999999999",
                  "'field:99999999999', character 7: that is more fields than a line can have; "
                  "write field:N with N from 1, as in field:2"},
             pair{"upper:", "'upper:', character 6: this stage takes nothing behind a colon; write upper"},
             pair{"matches:a",
                  "'matches:a', character 1: there is no such stage; did you mean match? the stages are " + forms},
             pair{"grep:a", "'grep:a', character 1: there is no such stage; the stages are " + forms},
             pair{"", "'', at its end: the name of a stage is missing; the stages are " + forms},
         }) {
        CAPTURE(spec);
        const auto stage = parse_stage(spec);
        REQUIRE_FALSE(stage);
        CHECK(stage.error() == error);
    }
    CHECK(stage_forms() == forms);
}

}  // namespace

}  // namespace fiberlab::pipeline_text
