#include "tests/support/schema.hpp"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>

#include <map>
#include <stdexcept>

#include "tests/support/files.hpp"
#include "tests/support/paths.hpp"

namespace fiberlab::test {

namespace {

rapidjson::Document parse(std::string_view json) {
    rapidjson::Document document;
    document.Parse(json.data(), json.size());
    return document;
}

const rapidjson::SchemaDocument& schema_of(const std::string& path) {
    static std::map<std::string, rapidjson::SchemaDocument> known;
    auto found = known.find(path);
    if (found == known.end()) {
        const rapidjson::Document document = parse(read_file(std::string{source_tree()} + "/" + path));
        if (document.HasParseError()) {
            throw std::runtime_error{path + " is no JSON"};
        }
        found = known.emplace(path, rapidjson::SchemaDocument{document}).first;
    }
    return found->second;
}

std::string verdict_of(const rapidjson::Value& invariants) {
    std::string verdict = "held";
    for (const rapidjson::Value& each : invariants.GetArray()) {
        if (!each["held"].GetBool()) {
            return "broken";
        }
        if (each["samples"].GetUint64() == 0) {
            verdict = "inconclusive";
        }
    }
    return verdict;
}

}  // namespace

std::string invalidity(std::string_view json, const std::string& schema) {
    const rapidjson::Document document = parse(json);
    if (document.HasParseError()) {
        return std::string{"no JSON: "} + rapidjson::GetParseError_En(document.GetParseError()) + " at byte " +
               std::to_string(document.GetErrorOffset());
    }
    rapidjson::SchemaValidator validator{schema_of(schema)};
    if (document.Accept(validator)) {
        return "";
    }
    rapidjson::StringBuffer where;
    validator.GetInvalidDocumentPointer().Stringify(where);
    return std::string{where.GetString()} + ": " + validator.GetInvalidSchemaKeyword();
}

std::string invalidity_of_result(std::string_view json) {
    if (std::string wrong = invalidity(json, "apps/fiberlab/render/result.schema.json"); !wrong.empty()) {
        return wrong;
    }
    const rapidjson::Document result = parse(json);
    if (result["verdict"].GetString() != verdict_of(result["invariants"])) {
        return "the verdict does not follow from the invariants";
    }
    if (result["trace_hash"].IsString() != (result["time"] == "virtual")) {
        return "a run in virtual time, and no other, has a trace_hash";
    }
    for (const auto& each : result["latencies"].GetObject()) {
        std::int64_t before = 0;
        for (const char* key : {"min_ns", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns"}) {
            const std::int64_t value = each.value[key].GetInt64();
            if (value < before) {
                return std::string{each.name.GetString()} + "/" + key + " is less than what comes before it";
            }
            before = value;
        }
    }
    return "";
}

std::string invalidity_of_event(std::string_view line) {
    return invalidity(line, "apps/fiberlab/render/event.schema.json");
}

}  // namespace fiberlab::test
