#include "apps/fiberlab/render/story.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "apps/fiberlab/render/text.hpp"
#include "tests/render/written.hpp"

namespace fiberlab::render {

namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> all;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) {
        all.push_back(line);
    }
    return all;
}

// A whole run with n events.
std::string story_of(const sample_run& run, story_settings settings, int events) {
    written out;
    story_view view{out, settings};
    view.begin(run.facts);
    for (int i = 0; i < events; ++i) {
        view.on_event(told(i * 1'000'000, {"worker", 1}, "push", "squares", {{"value", i}}));
    }
    view.end(run.facts, run.result);
    return out.text;
}

}  // namespace

TEST_CASE("a story says what was run, what happened, what came of it and how to repeat it") {
    const std::string text = story_of({}, {}, 2);
    CHECK(text ==
          R"(lock sample: one of everything
virtual time, seed 7; items 20, variant fixed, max-wait 5ms, loss 5%

        0  worker 1      push squares (value 0)
 1.000 ms  worker 1      push squares (value 1)

Figures
  items in      20
  held      1.5 ms

Latency      samples       p50       p90       p99       max
  wait             2    1.5 ms      2 ms      2 ms      2 ms
  never            0         -         -         -         -

Checked
  ✓ held     each value reached both sides (20 samples)
               20 on the left, 20 on the right

Held: the one invariant in 12.35 ms of virtual time.
Exit code 0. Again: fiberlab lock sample --seed 7
)");
}

TEST_CASE("of many events the first and the last are told, and how many were left out") {
    const std::string text = story_of({}, {.events = 9}, 100);
    CHECK(has(text, "(value 0)"));
    CHECK(has(text, "(value 5)"));
    CHECK_FALSE(has(text, "(value 6)"));
    CHECK(has(text, "… 91 more events (--events 100, or -v for everything) …"));
    CHECK_FALSE(has(text, "(value 96)"));
    CHECK(has(text, "(value 97)"));
    CHECK(has(text, "(value 99)"));
}

TEST_CASE("when all events fit, none is left out") {
    const std::string text = story_of({}, {.events = 9}, 9);
    CHECK(has(text, "(value 8)"));
    CHECK_FALSE(has(text, "more event"));
}

TEST_CASE("events can be left out altogether") {
    CHECK(has(story_of({}, {.events = 0}, 5), "… 5 more events"));
    const std::string quiet = story_of({}, {.only_result = true}, 5);
    CHECK_FALSE(has(quiet, "push"));
    CHECK_FALSE(has(quiet, "more events"));
    CHECK(has(quiet, "Checked"));
}

TEST_CASE("details are told only when everything is") {
    event detail = told(1, "main", "park", "squares");
    detail.detail = event::level::detail;
    for (const bool everything : {false, true}) {
        const sample_run run;
        written out;
        story_view view{out, {.everything = everything}};
        CHECK(view.wants_detail() == everything);
        view.begin(run.facts);
        view.on_event(detail);
        view.end(run.facts, run.result);
        CHECK(has(out.text, "park squares") == everything);
    }
}

TEST_CASE("a note reads as a sentence, with the values behind it") {
    const sample_run run;
    written out;
    story_view view{out, {}};
    view.begin(run.facts);
    view.on_event(told(0, "steward", "restart", {"ward", 2}, {{"silent_ns", 35'000'000}}, "its heart stopped"));
    view.on_event(told(0, "ward", "kept_beating", "ward"));
    view.end(run.facts, run.result);
    CHECK(has(out.text, "steward       restart ward 2: its heart stopped (silent 35 ms)\n"));
    CHECK(has(out.text, "ward          kept beating\n"));
}

TEST_CASE("no line is wider than the terminal, whatever the characters") {
    sample_run run;
    run.result.report.check(
        "a sentence that is so long that it can't possibly stand on one line of eighty columns", false, 3,
        "日本語 日本語 日本語 日本語 日本語 日本語 日本語 日本語 日本語 日本語 日本語 日本語 日本語 日本語");
    run.result.verdict = demo::verdict::broken;
    written out;
    story_view view{out, {}};
    view.begin(run.facts);
    view.on_event(told(0, name::of("日本語の繊維 12345678901234567890"), "push", "squares", {{"value", 1}},
                       "a note that is a good deal longer than what is left of the line after the columns before it"));
    view.end(run.facts, run.result);
    for (const std::string& line : lines(out.text)) {
        CAPTURE(line);
        CHECK(columns(line) <= 80);
    }
}

TEST_CASE("who waits for whom stands on a line each") {
    sample_run run;
    run.result.report.check("no deadlock", false, 3, "left waits: lock on a\nright waits: lock on b");
    run.result.verdict = demo::verdict::broken;
    run.result.exit_code = 4;
    const std::string text = story_of(run, {}, 0);
    CHECK(has(text, "  ✗ broken   no deadlock (3 samples)\n               left waits: lock on a\n"));
    CHECK(has(text, "Broken: 1 of 2 invariants, in 12.35 ms of virtual time.\nExit code 4."));
}

TEST_CASE("an invariant without a case says so") {
    sample_run run;
    run.result.report.check("a stop loses nothing", true, 0);
    run.result.verdict = demo::verdict::inconclusive;
    const std::string text = story_of(run, {}, 0);
    CHECK(has(text, "  ? no case  a stop loses nothing\n"));
    CHECK(has(text, "Inconclusive: 1 of 2 invariants had no case"));
}

TEST_CASE("an interrupted run says what stopped it") {
    sample_run run;
    run.result.interrupted_by = "SIGINT";
    CHECK(has(story_of(run, {}, 0), "Stopped by SIGINT: the figures are of what ran until then.\n"));
}

TEST_CASE("many figures stand in two columns") {
    sample_run run;
    for (const char* key : {"b", "c", "d", "e", "f", "g"}) {
        run.result.report.count(key, 1);
    }
    const std::string text = story_of(run, {}, 0);
    CHECK(has(text, "  items in      20      d              1\n"));
    CHECK(has(text, "  c              1      g              1\n"));
}

TEST_CASE("text from outside can't steer the terminal") {
    sample_run run;
    run.result.report.check("names are safe", true, 1, "file \033[2J.txt");
    written out;
    story_view view{out, {}};
    view.begin(run.facts);
    view.on_event(told(0, name::of("\033]0;title\a"), "read", name::of("a\033[31mb"), {{"path", std::string{"\033c"}}},
                       "note \033[1m"));
    view.end(run.facts, run.result);
    CHECK_FALSE(has(out.text, "\033"));
    CHECK_FALSE(has(out.text, "\a"));
}

TEST_CASE("colour adds nothing but colour") {
    const std::string plain = story_of({}, {}, 30);
    std::string coloured = story_of({}, {.coloured = true}, 30);
    CHECK(has(coloured, "\033["));
    for (std::size_t at = coloured.find('\033'); at != std::string::npos; at = coloured.find('\033')) {
        coloured.erase(at, coloured.find('m', at) + 1 - at);
    }
    CHECK(coloured == plain);
}

TEST_CASE("in a run that is told live each line appears when it happens") {
    sample_run run;
    run.facts.live = true;
    written out;
    story_view view{out, {}};
    view.begin(run.facts);
    view.on_event(told(0, "main", "begin"));
    CHECK(out.flushes == 1);
    CHECK(has(out.text, "begin"));
}

TEST_CASE("a run that never began has no story") {
    const sample_run run;
    written out;
    {
        story_view view{out, {}};
        view.begin(run.facts);
    }
    CHECK(out.text.empty());
}

}  // namespace fiberlab::render
