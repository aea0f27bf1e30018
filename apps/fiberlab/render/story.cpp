#include "apps/fiberlab/render/story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apps/fiberlab/render/text.hpp"
#include "apps/fiberlab/render/units.hpp"

namespace fiberlab::render {

namespace {

constexpr std::string_view margin = "  ";

// "items 20, hold 5ms": what shaped the run, as it was or would be typed.
std::string shaped_by(const run_facts& facts) {
    std::string text;
    const auto add = [&](std::string part) { text += (text.empty() ? "" : ", ") + glued(std::move(part)); };
    for (const demo::option& each : facts.options->table()) {
        if (each.type == demo::option_type::flag) {
            if (facts.options->flag(each.name)) {
                add(each.name);
            }
        } else if (each.repeated) {
            for (const std::string& value : facts.options->list(each.name)) {
                add(each.name + " " + printable(value));
            }
        } else if (facts.options->has_value(each.name)) {
            add(each.name + " " + printable(facts.options->shown(each.name)));
        }
    }
    return text;
}

std::string samples_of(const demo::invariant& of) {
    return glued(of.samples == 1 ? "(1 sample)" : "(" + grouped(static_cast<std::int64_t>(of.samples)) + " samples)");
}

}  // namespace

story_view::story_view(text_sink& out, story_settings settings)
    : out_{out},
      settings_{settings},
      style_{settings.coloured},
      lines_{settings.coloured, settings.width},
      head_{settings.events - settings.events / 3},
      tail_{settings.events / 3} {}

void story_view::begin(const run_facts& facts) {
    live_ = facts.live;
    header_.clear();
    for (const std::string& line :
         wrapped(glued(facts.command->name) + ": " + facts.command->summary, settings_.width)) {
        const std::size_t named = header_.empty() ? facts.command->name.size() : 0;
        header_ += style_.in(tint::bold, line.substr(0, named)) + line.substr(named) + "\n";
    }
    std::string made_with = facts.time == demo::timing::real ? "real time" : "virtual time";
    made_with += fmt::format(", seed {}", facts.seed);
    if (facts.boost_channels) {
        made_with += ", Boost's channels";
    }
    if (const std::string shaped = shaped_by(facts); !shaped.empty()) {
        made_with += "; " + shaped;
    }
    for (const std::string& line : wrapped(made_with, settings_.width)) {
        header_ += style_.in(tint::dim, line) + "\n";
    }
}

// The header waits for the first thing to tell, since a run that can't begin has no story.
void story_view::say(std::string_view text) {
    if (!header_.empty()) {
        out_.write(std::exchange(header_, {}));
    }
    out_.write(text);
}

void story_view::say_in_story(std::string_view text) {
    if (!header_.empty()) {
        say("\n");
    }
    say(text);
}

void story_view::on_event(const event& happened) {
    if (settings_.everything) {
        say_in_story(lines_.told(happened));
    } else if (settings_.only_result || happened.detail == event::level::detail) {
        return;
    } else if (++seen_; seen_ <= head_) {
        say_in_story(lines_.told(happened));
    } else if (tail_ != 0) {
        held_back_.push_back(lines_.told(happened));
        if (held_back_.size() > tail_) {
            held_back_.pop_front();
        }
        return;
    }
    if (live_) {
        out_.flush();
    }
}

void story_view::tell_held_back() {
    const std::size_t left_out = seen_ - std::min(seen_, head_) - held_back_.size();
    if (left_out != 0) {
        const std::string hint =
            fmt::format("… {} more event{} (--events {}, or -v for everything) …",
                        grouped(static_cast<std::int64_t>(left_out)), left_out == 1 ? "" : "s", seen_);
        say_in_story(std::string(event_lines::time_width + margin.size(), ' ') + style_.in(tint::dim, hint) + "\n");
    }
    for (const std::string& line : held_back_) {
        say_in_story(line);
    }
    held_back_.clear();
}

void story_view::end(const run_facts& facts, const run_result& result) {
    if (!settings_.only_result) {
        tell_held_back();
    }
    figures(result.report);
    latencies(result.report);
    invariants(result.report);
    notes(result.report);
    conclusion(facts, result);
    out_.flush();
}

void story_view::figures(const demo::report& report) {
    if (report.counts.empty()) {
        return;
    }
    heading("Figures");
    std::size_t names = 0;
    std::size_t values = 0;
    for (const auto& [key, value] : report.counts) {
        names = std::max(names, columns(spoken(key)));
        values = std::max(values, columns(human_figure(key, value)));
    }
    // Many figures stand in two columns, to be read down the first and then down the second.
    constexpr std::size_t between = 6;
    const std::size_t column = margin.size() + names + margin.size() + values;
    const std::size_t all = report.counts.size();
    const bool two = all > 6 && 2 * column + between <= settings_.width;
    const std::size_t lines = two ? (all + 1) / 2 : all;
    for (std::size_t i = 0; i < lines; ++i) {
        std::string line;
        for (std::size_t at = i; at < all; at += lines) {
            const auto& [key, value] = report.counts[at];
            line += (at == i ? "" : std::string(between - margin.size(), ' ')) + margin.data() +
                    left(spoken(key), names) + margin.data() + right(human_figure(key, value), values);
        }
        say(line + "\n");
    }
}

void story_view::latencies(const demo::report& report) {
    if (report.latencies.empty()) {
        return;
    }
    constexpr std::size_t column = 10;
    std::size_t names = 8;
    for (const auto& [key, _] : report.latencies) {
        names = std::max(names, columns(spoken(key)));
    }
    say("\n" + style_.in(tint::heading, left("Latency", names + margin.size())));
    for (const std::string_view title : {"samples", "p50", "p90", "p99", "max"}) {
        say(style_.in(tint::dim, right(title, column)));
    }
    say("\n");
    for (const auto& [key, of] : report.latencies) {
        say(margin.data() + left(spoken(key), names) + right(grouped(static_cast<std::int64_t>(of.count)), column));
        for (const std::int64_t ns : {of.p50_ns, of.p90_ns, of.p99_ns, of.max_ns}) {
            say(right(of.count == 0 ? "-" : human(duration{ns}), column));
        }
        say("\n");
    }
}

void story_view::invariants(const demo::report& report) {
    if (report.invariants.empty()) {
        return;
    }
    heading("Checked");
    for (const demo::invariant& each : report.invariants) {
        const auto [mark, colour] = !each.held          ? std::pair{"✗ broken ", tint::bad}
                                    : each.samples == 0 ? std::pair{"? no case", tint::doubtful}
                                                        : std::pair{"✓ held   ", tint::good};
        const std::string indent = margin.data() + style_.in(colour, mark) + margin.data();
        paragraph(indent, std::string(columns(indent), ' '),
                  each.sentence + (each.samples == 0 ? "" : " " + samples_of(each)));
        const std::string deeper(columns(indent) + 2, ' ');
        for (std::string_view detail = each.detail; !detail.empty();) {
            const std::size_t end = std::min(detail.find('\n'), detail.size());
            paragraph(deeper, deeper + margin.data(), printable(detail.substr(0, end)));
            detail.remove_prefix(std::min(end + 1, detail.size()));
        }
    }
}

void story_view::notes(const demo::report& report) {
    for (const std::string& note : report.notes) {
        say("\n");
        paragraph("", "", printable(note));
    }
}

void story_view::conclusion(const run_facts& facts, const run_result& result) {
    say("\n");
    if (!result.interrupted_by.empty()) {
        paragraph("", "", "Stopped by " + result.interrupted_by + ": the figures are of what ran until then.");
    }
    const std::size_t all = result.report.invariants.size();
    const auto failing =
        static_cast<std::size_t>(std::ranges::count_if(result.report.invariants, [&](const demo::invariant& each) {
            return result.verdict == demo::verdict::broken ? !each.held : each.samples == 0;
        }));
    const std::string took = (result.elapsed.count() == 0 ? "0 s" : human(result.elapsed)) +
                             (facts.time == demo::timing::real ? "" : " of virtual time");
    switch (result.verdict) {
        case demo::verdict::held:
            paragraph(style_.in(tint::good, "Held"), "",
                      fmt::format(": {} in {}.", all == 1 ? "the one invariant" : fmt::format("all {} invariants", all),
                                  took));
            break;
        case demo::verdict::broken:
            paragraph(style_.in(tint::bad, "Broken"), "",
                      fmt::format(": {} of {} invariants, in {}.", failing, all, took));
            break;
        case demo::verdict::inconclusive:
            paragraph(style_.in(tint::doubtful, "Inconclusive"), "",
                      fmt::format(": {} of {} invariants had no case to be judged by, in {}.", failing, all, took));
            break;
    }
    // In one piece whatever the width, so that it can be copied.
    say("Exit code " + std::to_string(result.exit_code) + ". Again: " + facts.repeat + "\n");
}

void story_view::heading(std::string_view text) {
    say("\n" + style_.in(tint::heading, text) + "\n");
}

void story_view::paragraph(std::string_view indent, std::string_view hanging, std::string_view text) {
    const std::size_t taken = std::max(columns(indent), columns(hanging));
    const std::size_t room = settings_.width > taken + 20 ? settings_.width - taken : 20;
    bool first = true;
    for (const std::string& line : wrapped(text, room)) {
        say(std::string{first ? indent : hanging} + line + "\n");
        first = false;
    }
}

}  // namespace fiberlab::render
