#include "apps/fiberlab/render/json.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "apps/fiberlab/render/ndjson.hpp"
#include "tests/render/written.hpp"
#include "tests/support/schema.hpp"

namespace fiberlab::render {

namespace {

nlohmann::ordered_json result_of(const sample_run& run) {
    return to_json(run.facts, run.result);
}

}  // namespace

TEST_CASE("the result has every key, in order, and the schema accepts it") {
    const sample_run run;
    const auto json = result_of(run);
    std::vector<std::string> keys;
    for (const auto& [key, _] : json.items()) {
        keys.push_back(key);
    }
    CHECK(keys == std::vector<std::string>{"schema_version", "version", "command", "parameters", "seed", "time",
                                           "threads", "channel", "duration_ns", "counts", "latencies", "invariants",
                                           "verdict", "trace_hash"});
    CHECK(test::invalidity_of_result(json.dump()).empty());
    CHECK(json["command"] == "lock sample");
    CHECK(json["trace_hash"] == "0000000000000abc");
    CHECK(json["latencies"]["wait"]["max_ns"] == 2'000'000);
    CHECK(json["latencies"]["never"]["count"] == 0);
}

TEST_CASE("parameters hold every option with its type, and durations their unit") {
    sample_run run;
    run.options.set("stage", "match:x");
    run.options.set("max-wait", "1s");
    CHECK(
        result_of(run)["parameters"].dump() ==
        R"({"items":20,"variant":"fixed","max_wait_ns":1000000000,"loss":0.05,"always":false,"stage":["match:x"],"url":null})");
}

TEST_CASE("operands are part of what shaped the run") {
    sample_run run;
    run.command.operands = demo::operand_kind::files;
    run.facts.operands = {"a.txt"};
    CHECK(result_of(run)["parameters"]["operands"] == nlohmann::ordered_json{"a.txt"});
    CHECK(test::invalidity_of_result(result_of(run).dump()).empty());
}

TEST_CASE("a run in real time has no hash") {
    sample_run run;
    run.facts.time = demo::timing::real;
    run.facts.boost_channels = true;
    run.result.trace_hash.reset();
    const auto json = result_of(run);
    CHECK(json["trace_hash"].is_null());
    CHECK(json["time"] == "real");
    CHECK(json["channel"] == "boost");
    CHECK(test::invalidity_of_result(json.dump()).empty());
}

TEST_CASE("a broken run is as whole as any other") {
    sample_run run;
    run.result.report.check("no deadlock", false, 3, "left waits");
    run.result.verdict = demo::verdict::broken;
    const auto json = result_of(run);
    CHECK(json["verdict"] == "broken");
    CHECK(json["invariants"][1].dump() == R"({"name":"no deadlock","held":false,"samples":3,"detail":"left waits"})");
    CHECK(test::invalidity_of_result(json.dump()).empty());
}

TEST_CASE("bytes that are no UTF-8 do not break the JSON") {
    sample_run run;
    run.result.report.check("names are safe", true, 1, "\xff\xfe");
    written out;
    json_view view{out};
    view.begin(run.facts);
    view.end(run.facts, run.result);
    CHECK(test::invalidity_of_result(out.text).empty());
}

TEST_CASE("the schema refuses what is not in the contract") {
    const sample_run run;
    auto json = result_of(run);
    json["verdict"] = "broken";
    CHECK(test::invalidity_of_result(json.dump()) == "the verdict does not follow from the invariants");
    json = result_of(run);
    json.erase("trace_hash");
    CHECK(test::invalidity_of_result(json.dump()) == ": required");
    json = result_of(run);
    json["counts"]["Items In"] = 3;
    CHECK(test::invalidity_of_result(json.dump()) == "/counts/Items In: not");
    json = result_of(run);
    json["latencies"]["wait"]["p99_ns"] = 1;
    CHECK(test::invalidity_of_result(json.dump()) == "wait/p99_ns is less than what comes before it");
    json = result_of(run);
    json["trace_hash"] = "ABC";
    CHECK(test::invalidity_of_result(json.dump()) == "/trace_hash: pattern");
    CHECK(test::invalidity_of_result("{").starts_with("no JSON"));
}

TEST_CASE("every event is a line, and the result is the last one") {
    sample_run run;
    written out;
    ndjson_view view{out};
    view.begin(run.facts);
    event detail = told(5, {"worker", 2}, "park", "squares", {{"for", std::string{"pop"}}});
    detail.detail = event::level::detail;
    view.on_event(detail);
    view.on_event(told(1'000'000, "main", "restart", "ward", {{"silent_ns", 7}}, "its heart stopped"));
    view.end(run.facts, run.result);

    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < out.text.size();) {
        const std::size_t end = out.text.find('\n', begin);
        lines.push_back(out.text.substr(begin, end - begin));
        begin = end + 1;
    }
    REQUIRE(lines.size() == 3);
    CHECK(lines[0] ==
          R"({"t_ns":5,"fiber":3,"name":"worker 2","event":"park","level":"detail","object":"squares","for":"pop"})");
    CHECK(
        lines[1] ==
        R"({"t_ns":1000000,"fiber":3,"name":"main","event":"restart","level":"story","object":"ward","silent_ns":7,"note":"its heart stopped"})");
    CHECK(test::invalidity_of_event(lines[0]).empty());
    CHECK(test::invalidity_of_event(lines[1]).empty());
    CHECK(test::invalidity_of_result(lines[2]).empty());
    CHECK(test::invalidity_of_event(lines[2]) != "");
}

TEST_CASE("in a run that is told live each line of NDJSON appears when it happens") {
    sample_run run;
    run.facts.live = true;
    written out;
    ndjson_view view{out};
    view.begin(run.facts);
    view.on_event(told(0, "main", "begin"));
    CHECK(out.flushes == 1);
}

}  // namespace fiberlab::render
