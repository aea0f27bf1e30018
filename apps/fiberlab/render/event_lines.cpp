#include "apps/fiberlab/render/event_lines.hpp"

#include <algorithm>
#include <variant>

#include "apps/fiberlab/render/text.hpp"
#include "apps/fiberlab/render/units.hpp"

namespace fiberlab::render {

namespace {

constexpr std::size_t most_name_width = 20;
constexpr std::string_view margin = "  ";

std::string fields_of(const event& happened) {
    std::string text;
    for (const field& each : happened.fields) {
        const auto* const number = std::get_if<std::int64_t>(&each.value);
        const std::string value =
            number != nullptr ? human_figure(each.key, *number) : printable(std::get<std::string>(each.value));
        text += (text.empty() ? "" : ", ") + glued(spoken(each.key) + " " + value);
    }
    return text;
}

}  // namespace

std::string event_lines::told(const event& happened) {
    std::string what{happened.what};
    std::ranges::replace(what, '_', ' ');
    // A fiber that tells of itself is named once.
    if (!happened.object.empty() && !(happened.object == happened.fiber_name)) {
        what += " " + printable(happened.object.str());
    }
    const std::string fields = fields_of(happened);
    std::string rest = what;
    if (!happened.note.empty()) {
        rest += ": " + printable(happened.note);
    }
    if (!fields.empty()) {
        rest += " (" + fields + ")";
    }
    const std::string who =
        happened.fiber_name.empty() ? "fiber " + std::to_string(happened.fiber) : printable(happened.fiber_name.str());
    const std::string begin = right(human_fixed(happened.at), time_width) + margin.data();
    name_width_ = std::clamp(columns(who), name_width_, most_name_width);
    const std::size_t indent = time_width + margin.size() + std::max(columns(who), name_width_) + margin.size();
    const std::size_t room = width_ > indent + 20 ? width_ - indent : 20;

    const tint shade = happened.detail == event::level::detail ? tint::dim : tint::plain;

    std::string text = style_.in(tint::dim, begin) + style_.of_fiber(happened.fiber, who) +
                       std::string(indent - columns(begin) - columns(who), ' ');
    bool first = true;
    for (const std::string& line : wrapped(rest, room)) {
        text += (first ? "" : std::string(indent, ' ')) + style_.in(shade, line) + "\n";
        first = false;
    }
    return text;
}

}  // namespace fiberlab::render
