#include "apps/fiberlab/render/json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace fiberlab::render {

namespace {

using json = nlohmann::ordered_json;

// "max-wait", a duration → "max_wait_ns".
std::string key_of(const demo::option& of) {
    std::string key = of.name;
    for (char& c : key) {
        if (c == '-') {
            c = '_';
        }
    }
    return of.type == demo::option_type::duration ? key + "_ns" : key;
}

json value_of(const demo::parameters& options, const demo::option& of) {
    if (of.type == demo::option_type::flag) {
        return options.flag(of.name);
    }
    if (of.repeated) {
        return options.list(of.name);
    }
    if (!options.has_value(of.name)) {
        return nullptr;
    }
    switch (of.type) {
        case demo::option_type::count:
            return options.count(of.name);
        case demo::option_type::duration:
            return options.duration(of.name).count();
        case demo::option_type::ratio:
            return options.ratio(of.name);
        default:
            return options.text(of.name);
    }
}

json parameters_of(const run_facts& facts) {
    json all = json::object();
    for (const demo::option& each : facts.options->table()) {
        all[key_of(each)] = value_of(*facts.options, each);
    }
    if (facts.command->operands != demo::operand_kind::none) {
        all["operands"] = facts.operands;
    }
    return all;
}

json latency_of(const demo::latency_summary& of) {
    return {{"count", of.count},   {"min_ns", of.min_ns}, {"mean_ns", of.mean_ns}, {"p50_ns", of.p50_ns},
            {"p90_ns", of.p90_ns}, {"p99_ns", of.p99_ns}, {"p999_ns", of.p999_ns}, {"max_ns", of.max_ns}};
}

}  // namespace

json to_json(const run_facts& facts, const run_result& result) {
    json counts = json::object();
    for (const auto& [key, value] : result.report.counts) {
        counts[key] = value;
    }
    json latencies = json::object();
    for (const auto& [key, value] : result.report.latencies) {
        latencies[key] = latency_of(value);
    }
    json invariants = json::array();
    for (const demo::invariant& each : result.report.invariants) {
        invariants.push_back(
            {{"name", each.sentence}, {"held", each.held}, {"samples", each.samples}, {"detail", each.detail}});
    }
    return {{"schema_version", schema_version},
            {"version", facts.version},
            {"command", facts.command->name},
            {"parameters", parameters_of(facts)},
            {"seed", facts.seed},
            {"time", facts.time == demo::timing::real ? "real" : "virtual"},
            {"threads", facts.threads},
            {"channel", facts.boost_channels ? "boost" : "own"},
            {"duration_ns", result.elapsed.count()},
            {"counts", std::move(counts)},
            {"latencies", std::move(latencies)},
            {"invariants", std::move(invariants)},
            {"verdict", demo::word(result.verdict)},
            {"trace_hash", result.trace_hash ? json(fmt::format("{:016x}", *result.trace_hash)) : json(nullptr)}};
}

std::string dumped(const json& value, int indent) {
    return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

void json_view::begin(const run_facts&) {}

void json_view::on_event(const event&) {}

void json_view::end(const run_facts& facts, const run_result& result) {
    out_.write(dumped(to_json(facts, result), 2) + "\n");
    out_.flush();
}

}  // namespace fiberlab::render
