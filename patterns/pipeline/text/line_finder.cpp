#include "patterns/pipeline/text/line_finder.hpp"

#include <algorithm>
#include <cassert>

#include "patterns/pipeline/text/utf8.hpp"

namespace fiberlab::pipeline_text {

namespace {

// Where the time of a backtracking search may grow with the square of a line's length, this is where it starts to hurt.
constexpr std::size_t long_line = std::size_t{64} << 10;

constexpr range no_scope{.begin = std::string_view::npos, .end = 0};

}  // namespace

void line_finder::open(std::string_view lines) {
    // A literal that comes in most lines but seldom in a match costs more than it spares: try again some blocks later.
    constexpr unsigned pause = 16;
    if (without_literal_ > 0) {
        --without_literal_;
    } else if (in_vain_ > text_.size() / 2) {
        without_literal_ = pause;
    }
    in_vain_ = 0;

    text_ = lines.ends_with('\n') ? lines.substr(0, lines.size() - 1) : lines;
    linear_ = false;
    const pattern::engines& characters = pattern_.characters_;
    const pattern::engines& bytes = pattern_.bytes_;
    if (!bytes.any() || !characters.any()) {
        in_block_ = bytes.any() ? &bytes : &characters;
    } else if (const bool ascii = is_ascii(text_); ascii && pattern_.ascii_) {
        in_block_ = &bytes;  // the faster of two that say the same
    } else {
        in_block_ = ascii || is_utf8(text_) ? &characters : nullptr;
    }
    line_by_line_ = !pattern_.whole_blocks_ || in_block_ == nullptr || !in_block_->fast ||
                    (!pattern_.literal_.empty() && without_literal_ == 0) ||
                    text_.substr(0, long_line).find('\n') == std::string_view::npos;
    in_line_ = in_block_;
    scope_ = line_by_line_ ? no_scope : range{.begin = 0, .end = text_.size()};
}

void line_finder::open_line(std::size_t at) {
    scope_ = {.begin = at, .end = std::min(text_.find('\n', at), text_.size())};
    in_line_ = in_block_;
    if (in_line_ == nullptr) {
        const bool valid = is_utf8(text_.substr(at, scope_.end - at));
        in_line_ = valid ? &pattern_.characters_ : &pattern_.bytes_;
    }
}

// From a line's start to the next line that has the literal.
bool line_finder::skip_to_literal(std::size_t& from) {
    if (pattern_.literal_.empty() || without_literal_ > 0) {
        return true;
    }
    const std::size_t at = pattern_.literal_.find(text_, from);
    if (at == std::string_view::npos) {
        return false;
    }
    if (const std::size_t newline = text_.substr(from, at - from).rfind('\n'); newline != std::string_view::npos) {
        from += newline + 1;
    }
    return true;
}

std::expected<bool, std::string> line_finder::next(std::size_t from) {
    while (from <= text_.size()) {
        if (from < scope_.begin || from > scope_.end) {
            if (!skip_to_literal(from)) {
                return false;
            }
            open_line(from);
        }
        switch (search(from)) {
            case found::yes:
                return true;
            case found::no:
                in_vain_ += line_by_line_ ? scope_.end - scope_.begin : 0;
                from = scope_.end + 1;
                break;
            case found::exhausted:
                if (line_by_line_ && !in_line_->linear) {
                    return std::unexpected{complaint()};
                }
                // Only this block: the next one may hold nothing as hard.
                linear_ = true;
                line_by_line_ = true;
                const std::size_t newline = from == 0 ? std::string_view::npos : text_.rfind('\n', from - 1);
                open_line(newline == std::string_view::npos ? 0 : newline + 1);
                break;
        }
    }
    return false;
}

found line_finder::search(std::size_t from) {
    const bool slow_is_better = line_by_line_ && (linear_ || scope_.end - scope_.begin > long_line);
    engine* const chosen =
        in_line_->linear && (!in_line_->fast || slow_is_better) ? in_line_->linear.get() : in_line_->fast.get();
    matched_ = chosen;
    return chosen->search(text_.substr(scope_.begin, scope_.end - scope_.begin), from - scope_.begin, wanted_);
}

range line_finder::group(int number) const {
    const range inside = matched_->group(number);
    return {.begin = scope_.begin + inside.begin, .end = scope_.begin + inside.end};
}

range line_finder::line() const {
    if (line_by_line_) {
        return scope_;
    }
    const range match = group(0);
    const std::size_t newline = match.begin == 0 ? std::string_view::npos : text_.rfind('\n', match.begin - 1);
    return {.begin = newline == std::string_view::npos ? 0 : newline + 1,
            .end = std::min(text_.find('\n', match.end), text_.size())};
}

std::string line_finder::complaint() const {
    constexpr std::size_t shown = 60;
    std::string line{text_.substr(scope_.begin, std::min(scope_.end - scope_.begin, shown))};
    std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
    return "the expression tries too many ways to match the line that begins with '" + line +
           "'; avoid one repetition inside another, and back-references or look-around where it can do without";
}

}  // namespace fiberlab::pipeline_text
