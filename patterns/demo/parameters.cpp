#include "patterns/demo/parameters.hpp"

#include <algorithm>
#include <limits>

namespace fiberlab::demo {

namespace {

[[noreturn]] void mistake(std::string_view option_name, std::string_view what) {
    throw std::logic_error{"option '" + std::string{option_name} + "': " + std::string{what}};
}

bool parse_flag(std::string_view text) {
    if (text == "1" || text == "true" || text == "yes" || text == "on") {
        return true;
    }
    if (text == "0" || text == "false" || text == "no" || text == "off") {
        return false;
    }
    throw usage_error{"'" + std::string{text} + "' is neither true nor false"};
}

// A limit as the user would type it.
std::string limit(const option& of, std::int64_t value) {
    if (of.type != option_type::duration) {
        return std::to_string(value);
    }
    if (value % 1'000'000'000 == 0) {
        return std::to_string(value / 1'000'000'000) + "s";
    }
    return value % 1'000'000 == 0 ? std::to_string(value / 1'000'000) + "ms" : std::to_string(value) + "ns";
}

template <class Number>
void check_range(const option& of, Number value, std::string_view text) {
    if (value < static_cast<Number>(of.min)) {
        throw usage_error{std::string{text} + " is below the least, " + limit(of, of.min)};
    }
    if (of.max != std::numeric_limits<std::int64_t>::max() && value > static_cast<Number>(of.max)) {
        throw usage_error{std::string{text} + " is above the most, " + limit(of, of.max)};
    }
}

std::string listed(const std::vector<std::string>& choices) {
    std::string all;
    for (const std::string& choice : choices) {
        all += (all.empty() ? "" : ", ") + choice;
    }
    return all;
}

}  // namespace

parameters::parameters(const std::vector<option>& table) : table_{table} {
    for (const option& each : table_) {
        if (slots_.contains(each.name)) {
            mistake(each.name, "is twice in the table");
        }
        slot& into = slots_[each.name];
        if (each.initial.empty()) {
            continue;
        }
        try {
            store(into, each, each.initial);
        } catch (const usage_error& error) {
            mistake(each.name, std::string{"its own default does not fit: "} + error.what());
        }
    }
}

void parameters::set(std::string_view option_name, std::string_view typed, std::string_view from) {
    const option& as = find(option_name);
    slot& into = slots_.find(option_name)->second;
    slot next = into.given && as.repeated ? into : slot{};
    next.given = true;
    next.origin = from.empty() ? "--" + as.name : std::string{from};
    try {
        store(next, as, typed);
    } catch (const usage_error& error) {
        throw usage_error{next.origin + ": " + error.what()};
    }
    into = std::move(next);
}

void parameters::store(slot& into, const option& as, std::string_view text) {
    switch (as.type) {
        case option_type::count:
            into.number = parse_count(text);
            check_range(as, into.number, text);
            break;
        case option_type::duration:
            into.number = parse_duration(text).count();
            check_range(as, into.number, text);
            break;
        case option_type::ratio:
            into.real = parse_ratio(text);
            check_range(as, into.real, text);
            break;
        case option_type::flag:
            into.number = parse_flag(text) ? 1 : 0;
            break;
        case option_type::choice:
            if (std::ranges::find(as.choices, text) == as.choices.end()) {
                throw usage_error{"'" + std::string{text} + "' is none of " + listed(as.choices)};
            }
            break;
        case option_type::text:
        case option_type::path:
            if (text.empty()) {
                throw usage_error{"needs a value"};
            }
            break;
    }
    if (!as.repeated) {
        into.texts.clear();
    }
    into.texts.emplace_back(text);
}

const option& parameters::find(std::string_view option_name) const {
    const auto found = std::ranges::find(table_, option_name, &option::name);
    if (found == table_.end()) {
        mistake(option_name, "is not in the table");
    }
    return *found;
}

const parameters::slot& parameters::slot_of(std::string_view option_name,
                                            std::initializer_list<option_type> types) const {
    const option& as = find(option_name);
    if (std::ranges::find(types, as.type) == types.end()) {
        mistake(option_name, "is of another type");
    }
    return slots_.find(option_name)->second;
}

std::int64_t parameters::count(std::string_view option_name) const {
    return slot_of(option_name, {option_type::count}).number;
}

fiberlab::duration parameters::duration(std::string_view option_name) const {
    return fiberlab::duration{slot_of(option_name, {option_type::duration}).number};
}

double parameters::ratio(std::string_view option_name) const {
    return slot_of(option_name, {option_type::ratio}).real;
}

bool parameters::flag(std::string_view option_name) const {
    return slot_of(option_name, {option_type::flag}).number != 0;
}

const std::string& parameters::text(std::string_view option_name) const {
    (void)slot_of(option_name, {option_type::text, option_type::choice, option_type::path});
    return shown(option_name);
}

const std::string& parameters::shown(std::string_view option_name) const {
    static const std::string nothing;
    const slot& held = slots_.find(find(option_name).name)->second;
    return held.texts.empty() ? nothing : held.texts.back();
}

const std::vector<std::string>& parameters::list(std::string_view option_name) const {
    if (!find(option_name).repeated) {
        mistake(option_name, "is not a repeated one");
    }
    return slots_.find(option_name)->second.texts;
}

const std::string& parameters::origin(std::string_view option_name) const {
    return slots_.find(find(option_name).name)->second.origin;
}

bool parameters::given(std::string_view option_name) const {
    return slots_.find(find(option_name).name)->second.given;
}

bool parameters::has_value(std::string_view option_name) const {
    return !slots_.find(find(option_name).name)->second.texts.empty();
}

}  // namespace fiberlab::demo
