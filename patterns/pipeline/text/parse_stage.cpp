#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "patterns/pipeline/text/stages.hpp"

namespace fiberlab::pipeline_text {

namespace {

using made_stage = std::expected<std::unique_ptr<text_stage>, std::string>;

// What stands behind the first colon, less one blank.
struct argument {
    std::string_view spec;
    std::size_t at = 0;  // in spec
    bool given = false;  // there is a colon

    std::string_view text() const { return given ? spec.substr(at) : std::string_view{}; }
};

// 'replace:(a:b', character 9: missing closing parenthesis; close the group …
std::unexpected<std::string> refuse(std::string_view spec, std::size_t at, std::string_view what,
                                    std::string_view advice) {
    std::string text = "'" + std::string{spec} + "'";
    if (at >= spec.size()) {
        text += ", at its end: ";
    } else {
        const auto before = spec.substr(0, at);
        const auto characters = std::ranges::count_if(before, [](char c) { return (c & 0xC0) != 0x80; });
        text += ", character " + std::to_string(characters + 1) + ": ";
    }
    return std::unexpected{text.append(what).append("; ").append(advice)};
}

made_stage parse_match(const argument& in, block_limits /*limits*/) {
    if (!in.given) {
        return refuse(in.spec, in.spec.size(), "the regular expression is missing",
                      "write match:RE, as in match:error");
    }
    auto what = pattern::compile(in.text());
    if (!what) {
        return refuse(in.spec, in.at + what.error().at, what.error().what, what.error().advice);
    }
    return make_match(*std::move(what));
}

// RE of replace:RE:TEXT, with \: as the colon it stands for.
struct cut_expression {
    std::string text;
    std::vector<std::size_t> origin;  // of each character, and of the end
    std::optional<std::size_t> colon;
};

cut_expression cut(std::string_view spec, std::size_t at) {
    cut_expression made;
    const auto add = [&](char c, std::size_t from) {
        made.text += c;
        made.origin.push_back(from);
    };
    for (; at < spec.size(); ++at) {
        const char c = spec[at];
        if (c == ':') {
            made.colon = at;
            break;
        }
        if (c != '\\' || at + 1 == spec.size()) {
            add(c, at);
            continue;
        }
        ++at;
        if (spec[at] != ':') {
            add('\\', at - 1);
        }
        add(spec[at], at);
    }
    made.origin.push_back(at);
    return made;
}

made_stage parse_replace(const argument& in, block_limits limits) {
    if (!in.given) {
        return refuse(in.spec, in.spec.size(), "the regular expression is missing",
                      "write replace:RE:TEXT, as in replace:[0-9]+:N");
    }
    const cut_expression expression = cut(in.spec, in.at);
    const std::size_t end = expression.origin.back();
    if (!expression.colon) {
        return refuse(in.spec, end, "the text to put in is missing",
                      "write replace:RE:TEXT, or replace:RE: to delete what RE matches");
    }
    if (expression.text.empty()) {
        return refuse(in.spec, end, "the regular expression is empty",
                      "say what to replace, as in replace:^:> to put '>' in front of each line");
    }
    auto what = pattern::compile(expression.text);
    if (!what) {
        // The likeliest slip: (?:…) or [[:digit:]] with its colons as they are.
        const std::string advice = what.error().advice + " (the expression ends at the colon at character " +
                                   std::to_string(end + 1) + "; a colon inside it is written \\:)";
        return refuse(in.spec, expression.origin.at(what.error().at), what.error().what, advice);
    }
    auto with = parse_replacement(in.spec.substr(end + 1), what->groups());
    if (!with) {
        return refuse(in.spec, end + 1 + with.error().at, with.error().what, with.error().advice);
    }
    return make_replace(*std::move(what), *std::move(with), limits);
}

made_stage parse_field(const argument& in, block_limits /*limits*/) {
    constexpr std::string_view advice = "write field:N with N from 1, as in field:2";
    const std::string_view text = in.text();
    std::uint32_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) {
        return refuse(in.spec, in.at, "that is more fields than a line can have", advice);
    }
    if (error != std::errc{} || rest != text.data() + text.size()) {
        const auto read = static_cast<std::size_t>(rest - text.data());
        return refuse(in.spec, in.given ? in.at + read : in.spec.size(),
                      text.empty() ? "the number of the field is missing" : "the number of a field is expected",
                      advice);
    }
    if (number == 0) {
        return refuse(in.spec, in.at, "there is no field 0", advice);
    }
    return make_field(number);
}

template <auto Make>
made_stage parse_plain(const argument& in, block_limits limits) {
    if (in.given) {
        return refuse(in.spec, in.spec.find(':'), "this stage takes nothing behind a colon",
                      "write " + std::string{in.spec.substr(0, in.spec.find(':'))});
    }
    if constexpr (requires { Make(limits); }) {
        return Make(limits);
    } else {
        return Make();
    }
}

struct kind {
    std::string_view name;
    made_stage (*parse)(const argument&, block_limits);
};

constexpr std::array kinds{
    kind{"match", parse_match},
    kind{"replace", parse_replace},
    kind{"field", parse_field},
    kind{"upper", parse_plain<make_upper>},
    kind{"count", parse_plain<make_count>},
    kind{"hash", parse_plain<make_hash>},
};

constexpr std::string_view all_kinds = "match:RE, replace:RE:TEXT, field:N, upper, count, hash";

std::size_t edits_between(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] != b[j - 1] ? 1 : 0);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
        }
    }
    return row.back();
}

std::string advice_for_unknown(std::string_view name) {
    const auto nearest =
        std::ranges::min_element(kinds, {}, [&](const kind& k) { return edits_between(name, k.name); });
    std::string advice = "the stages are " + std::string{all_kinds};
    if (edits_between(name, nearest->name) <= 2) {
        advice = "did you mean " + std::string{nearest->name} + "? " + advice;
    }
    return advice;
}

}  // namespace

std::string_view stage_forms() noexcept {
    return all_kinds;
}

made_stage parse_stage(std::string_view spec, block_limits limits) {
    const std::size_t colon = spec.find(':');
    const std::string_view name = spec.substr(0, colon);
    const auto found = std::ranges::find(kinds, name, &kind::name);
    if (found == kinds.end()) {
        return refuse(spec, 0, name.empty() ? "the name of a stage is missing" : "there is no such stage",
                      advice_for_unknown(name));
    }
    argument in{.spec = spec};
    if (colon != std::string_view::npos) {
        const std::string_view behind = spec.substr(colon + 1);
        in.given = true;
        in.at = colon + 1 + (behind.starts_with(' ') || behind.starts_with('\t') ? 1 : 0);
    }
    return found->parse(in, limits);
}

}  // namespace fiberlab::pipeline_text
