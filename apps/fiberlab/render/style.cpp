#include "apps/fiberlab/render/style.hpp"

#include <array>

namespace fiberlab::render {

namespace {

std::string_view sequence(tint t) {
    switch (t) {
        case tint::bold:
            return "1";
        case tint::dim:
            return "2";
        case tint::good:
            return "32";
        case tint::bad:
            return "1;31";
        case tint::doubtful:
            return "33";
        case tint::heading:
            return "1";
        case tint::plain:
            break;
    }
    return "";
}

// Of the sixteen that every terminal has, those that read on black and on white alike.
constexpr std::array<std::string_view, 6> fiber_colours{"36", "35", "34", "33", "32", "31"};

std::string wrap(std::string_view code, std::string_view text) {
    return "\033[" + std::string{code} + "m" + std::string{text} + "\033[0m";
}

}  // namespace

std::string style::in(tint t, std::string_view text) const {
    return coloured_ && t != tint::plain && !text.empty() ? wrap(sequence(t), text) : std::string{text};
}

std::string style::of_fiber(std::uint32_t number, std::string_view text) const {
    return coloured_ && !text.empty() ? wrap(fiber_colours[number % fiber_colours.size()], text) : std::string{text};
}

}  // namespace fiberlab::render
