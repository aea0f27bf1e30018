// ndjson: every event as a JSON object on a line of its own, as it happens, and the result of the run on the last one.
//
//   {"t_ns":1000000,"fiber":2,"name":"worker 1","event":"push","level":"detail","object":"squares","value":4}
//
// The lines are told apart by their first key: an event has `t_ns`, the result `schema_version`.
#pragma once

#include "apps/fiberlab/render/view.hpp"

namespace fiberlab::render {

class ndjson_view : public view {
public:
    explicit ndjson_view(text_sink& out) : out_{out} {}

    void begin(const run_facts& facts) override;
    void on_event(const event& happened) override;
    void end(const run_facts& facts, const run_result& result) override;

private:
    text_sink& out_;
    bool live_ = false;
};

}  // namespace fiberlab::render
