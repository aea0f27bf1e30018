// json: the result of a run as one JSON object; result.schema.json says what it holds. Every key is always there.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "apps/fiberlab/render/view.hpp"

namespace fiberlab::render {

inline constexpr int schema_version = 1;

nlohmann::ordered_json to_json(const run_facts& facts, const run_result& result);
std::string dumped(const nlohmann::ordered_json& value, int indent);  // bytes that are no UTF-8 are replaced

class json_view : public view {
public:
    explicit json_view(text_sink& out) : out_{out} {}

    void begin(const run_facts& facts) override;
    void on_event(const event& happened) override;
    void end(const run_facts& facts, const run_result& result) override;
    bool wants_detail() const noexcept override { return false; }

private:
    text_sink& out_;
};

}  // namespace fiberlab::render
