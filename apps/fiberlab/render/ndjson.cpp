#include "apps/fiberlab/render/ndjson.hpp"

#include <nlohmann/json.hpp>

#include "apps/fiberlab/render/json.hpp"

namespace fiberlab::render {

void ndjson_view::begin(const run_facts& facts) {
    live_ = facts.live;
}

void ndjson_view::on_event(const event& happened) {
    nlohmann::ordered_json line{{"t_ns", happened.at.count()},
                                {"fiber", happened.fiber},
                                {"name", happened.fiber_name.str()},
                                {"event", happened.what},
                                {"level", happened.detail == event::level::story ? "story" : "detail"},
                                {"object", happened.object.str()}};
    for (const field& each : happened.fields) {
        std::visit([&](const auto& value) { line[std::string{each.key}] = value; }, each.value);
    }
    if (!happened.note.empty()) {
        line["note"] = happened.note;
    }
    out_.write(dumped(line, -1) + "\n");
    if (live_) {
        out_.flush();
    }
}

void ndjson_view::end(const run_facts& facts, const run_result& result) {
    out_.write(dumped(to_json(facts, result), -1) + "\n");
    out_.flush();
}

}  // namespace fiberlab::render
