#include <algorithm>

#include "patterns/pipeline/text/line_finder.hpp"
#include "patterns/pipeline/text/stages.hpp"
#include "patterns/pipeline/text/utf8.hpp"

namespace fiberlab::pipeline_text {

namespace {

constexpr std::size_t none = std::string_view::npos;

class replace_stage final : public text_stage {
public:
    replace_stage(pattern what, replacement with, block_limits limits)
        : finder_{std::move(what), with.last_group}, with_{std::move(with)}, limits_{limits} {}

    std::expected<progress, std::string> transform(block& b) override {
        if (b.empty()) {
            return progress::done;
        }
        source_.swap(b);
        finder_.open(source_);
        at_ = 0;
        return resume(b);
    }

    // Continues at a line's start. Text may make the lines many times as long: hence in parts.
    std::expected<progress, std::string> resume(block& b) override {
        b.clear();
        line_in_out_ = 0;
        std::size_t copied = at_;     // of the source, up to here
        std::size_t last_end = none;  // of the match before
        std::size_t stop = none;      // the end of the line in which the result became full
        for (std::size_t from = at_;;) {
            const auto hit = finder_.next(from);
            if (!hit) {
                return std::unexpected{"replace: " + hit.error()};
            }
            if (!*hit && copied == 0 && b.empty()) {
                b.swap(source_);  // no match at all
                return progress::done;
            }
            const range match = *hit ? finder_.group(0) : range{.begin = none, .end = none};
            if (!*hit || match.begin >= stop) {
                at_ = std::min(stop, source_.size());
                break;
            }
            // As in sed, an empty match right behind another one is none.
            if (match.begin != match.end || match.begin != last_end) {
                if (!append_source(b, copied, match.begin) || !append_text(b)) {
                    return std::unexpected{too_long()};
                }
                copied = match.end;
                last_end = match.end;
                if (stop == none && b.size() >= limits_.block_bytes) {
                    const std::size_t newline = source_.find('\n', match.end);
                    stop = newline == none ? source_.size() + 1 : newline + 1;  // a match may be at the very end
                }
            }
            from = match.end;
            if (match.begin == match.end) {
                from += from < source_.size() ? character_length(source_, from) : 1;
            }
        }
        if (!append_source(b, copied, at_)) {
            return std::unexpected{too_long()};
        }
        return at_ < source_.size() ? progress::more : progress::done;
    }

private:
    // These are false when a line becomes too long.
    bool append(block& b, std::string_view text) {
        const std::size_t line = b.size() - line_in_out_;
        if (line + text.size() > limits_.line_bytes &&
            line + std::min(text.find('\n'), text.size()) > limits_.line_bytes) {
            return false;
        }
        if (const std::size_t newline = text.rfind('\n'); newline != none) {
            line_in_out_ = b.size() + newline + 1;
        }
        b += text;
        return true;
    }

    bool append_source(block& b, std::size_t begin, std::size_t end) {
        return append(b, std::string_view{source_}.substr(begin, end - begin));
    }

    bool append_text(block& b) {
        for (const auto& part : with_.parts) {
            const range group = part.group < 0 ? range{} : finder_.group(part.group);
            if (!append(b, part.literal) || !append_source(b, group.begin, group.end)) {
                return false;
            }
        }
        return true;
    }

    std::string too_long() const {
        return "replace: a line becomes longer than " + human_size(limits_.line_bytes) +
               "; replace fewer or longer matches, or by a shorter text";
    }

    line_finder finder_;
    replacement with_;
    block_limits limits_;
    block source_;
    std::size_t at_ = 0;           // of the source, done up to here
    std::size_t line_in_out_ = 0;  // where the last line of the result begins
};

}  // namespace

std::unique_ptr<text_stage> make_replace(pattern what, replacement with, block_limits limits) {
    return std::make_unique<replace_stage>(std::move(what), std::move(with), limits);
}

}  // namespace fiberlab::pipeline_text
