#include "patterns/pipeline/text/newline_guard.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "patterns/pipeline/text/utf8.hpp"

namespace fiberlab::pipeline_text {

namespace {

class guard {
public:
    explicit guard(std::string_view expression) : in_{expression} {}

    std::optional<std::string> run() {
        while (at_ < in_.size()) {
            if (!element()) {
                return std::nullopt;
            }
        }
        return out_;
    }

private:
    bool looking_at(std::string_view text) const noexcept { return in_.substr(at_).starts_with(text); }

    void copy(std::size_t count) {
        out_.append(in_, at_, count);
        at_ += count;
    }

    void replace(std::size_t count, std::string_view with) {
        out_ += with;
        at_ += count;
    }

    bool element() {
        switch (in_[at_]) {
            case '\n':
                return false;
            case '\\':
                return escape();
            case '[':
                return looking_at("[^") ? negated_class() : positive_class();
            case '(':
                return group();
            default:
                copy(1);
                return true;
        }
    }

    bool escape() {
        if (at_ + 1 == in_.size()) {
            return false;
        }
        switch (const char c = in_[at_ + 1]) {
            case 's':
                replace(2, "[^\\S\\n]");
                return true;
            case 'D':
                replace(2, "[^\\d\\n]");
                return true;
            case 'W':
                replace(2, "[^\\w\\n]");
                return true;
            default:
                if (is_control(c) || (is_alphanumeric(c) && !std::string_view{"dwSbBhtrfea"}.contains(c))) {
                    return false;
                }
                copy(2);
                return true;
        }
    }

    // Of what follows "(?" the kinds of group, and (?i): the other flags change what . and ^ mean, or the syntax.
    bool group() {
        if (looking_at("(*")) {
            return false;
        }
        if (looking_at("(?")) {
            constexpr std::array<std::string_view, 9> known{"(?:", "(?=",  "(?!", "(?>", "(?i)",
                                                            "(?<", "(?P<", "(?'", "(?i:"};
            const auto found = std::ranges::find_if(known, [&](std::string_view k) { return looking_at(k); });
            if (found == known.end()) {
                return false;
            }
            copy(found->size());
            return true;
        }
        copy(1);
        return true;
    }

    // [^ab] → [^\nab]; a ] or - in front would change its meaning behind the \n.
    bool negated_class() {
        replace(2, "[^\\n");
        if (at_ < in_.size() && (in_[at_] == ']' || in_[at_] == '-')) {
            out_ += '\\';
            copy(1);
        }
        return class_items([](guard& g) { return g.copied_escape(); }, [](std::string_view) { return true; }, false);
    }

    // A class that holds no newline is kept; one that might is not worth telling apart.
    bool positive_class() {
        copy(1);
        if (looking_at("]")) {
            copy(1);
        }
        constexpr std::array<std::string_view, 11> safe{"alpha", "digit",  "alnum", "upper", "lower", "punct",
                                                        "blank", "xdigit", "word",  "graph", "print"};
        return class_items([](guard& g) { return g.escape_without_newline(); },
                           [&](std::string_view name) { return std::ranges::find(safe, name) != safe.end(); }, true);
    }

    template <typename Escape, typename Named>
    bool class_items(Escape on_escape, Named named, bool refuse_controls) {
        while (at_ < in_.size()) {
            const char c = in_[at_];
            if (c == ']') {
                copy(1);
                return true;
            }
            if (c == '\\') {
                if (!on_escape(*this)) {
                    return false;
                }
            } else if (looking_at("[:")) {
                const std::size_t end = in_.find_first_not_of("^abcdefghijklmnopqrstuvwxyz", at_ + 2);
                if (end == std::string_view::npos || !in_.substr(end).starts_with(":]") ||
                    !named(in_.substr(at_ + 2, end - at_ - 2))) {
                    return false;
                }
                copy(end + 2 - at_);
            } else if (refuse_controls && (c == '\t' ? before_hyphen(1) : is_control(c))) {
                return false;  // it, or a range that begins with it, may take in the newline
            } else {
                copy(1);
            }
        }
        return false;
    }

    bool before_hyphen(std::size_t length) const noexcept { return in_.substr(at_ + length).starts_with('-'); }

    bool copied_escape() {
        if (at_ + 1 == in_.size() || in_[at_ + 1] == 'Q' || in_[at_ + 1] == 'E') {
            return false;
        }
        copy(2);
        return true;
    }

    bool escape_without_newline() {
        if (at_ + 1 == in_.size()) {
            return false;
        }
        const char c = in_[at_ + 1];
        if (c == 's' && !before_hyphen(2)) {
            replace(2, R"( \t\r\f\x0b)");
            return true;
        }
        if (is_control(c) ||
            (is_alphanumeric(c) && !std::string_view{"dwSh"}.contains(c) && (c != 't' || before_hyphen(2)))) {
            return false;
        }
        copy(2);
        return true;
    }

    std::string_view in_;
    std::size_t at_ = 0;
    std::string out_;
};

}  // namespace

std::optional<std::string> guard_newlines(std::string_view expression) {
    return guard{expression}.run();
}

}  // namespace fiberlab::pipeline_text
