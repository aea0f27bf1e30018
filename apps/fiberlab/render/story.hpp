// story: a run told to a person. What happened and to whom, then the figures, then each invariant with its verdict,
// then how to repeat it.
//
// The first events are written as they happen; of the others only the last few are kept, so that the story fits a
// screen and a run of any length fits the memory.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "apps/fiberlab/render/event_lines.hpp"
#include "apps/fiberlab/render/style.hpp"
#include "apps/fiberlab/render/view.hpp"

namespace fiberlab::render {

struct story_settings {
    std::size_t events = 20;   // story events shown: two thirds of them the first, one third the last
    bool everything = false;   // -v: all of them, the detailed ones too
    bool only_result = false;  // -q: no events
    bool coloured = false;
    std::size_t width = 80;
};

class story_view : public view {
public:
    story_view(text_sink& out, story_settings settings);

    void begin(const run_facts& facts) override;
    void on_event(const event& happened) override;
    void end(const run_facts& facts, const run_result& result) override;
    bool wants_detail() const noexcept override { return settings_.everything; }

private:
    void tell_held_back();
    void figures(const demo::report& report);
    void latencies(const demo::report& report);
    void invariants(const demo::report& report);
    void notes(const demo::report& report);
    void conclusion(const run_facts& facts, const run_result& result);

    void say(std::string_view text);
    void say_in_story(std::string_view text);
    void heading(std::string_view text);
    void paragraph(std::string_view indent, std::string_view hanging, std::string_view text);

    text_sink& out_;
    story_settings settings_;
    style style_;
    event_lines lines_;
    std::size_t head_;
    std::size_t tail_;
    std::string header_;
    std::size_t seen_ = 0;
    std::deque<std::string> held_back_;  // the last `tail_` events after the first `head_`
    bool live_ = false;
};

}  // namespace fiberlab::render
