#include "patterns/pipeline/text/required_literal.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "patterns/pipeline/text/utf8.hpp"

namespace fiberlab::pipeline_text {

namespace {

constexpr bool continues_character(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

class reader {
public:
    explicit reader(std::string_view expression) : in_{expression} {}

    std::string run() {
        std::string best = alternatives();
        return ignores_case_ || best.size() < 2 || in_.starts_with(best) ? std::string{} : best;
    }

private:
    bool at_end() const noexcept { return at_ == in_.size(); }
    bool looking_at(std::string_view text) const noexcept { return in_.substr(at_).starts_with(text); }
    bool looking_at_any(std::string_view of) const noexcept { return !at_end() && of.contains(in_[at_]); }

    // Up to the ) that closes what is being read, or the end.
    std::string alternatives() {
        std::string best;
        std::string run;
        bool several = false;
        const auto end_run = [&] {
            if (run.size() > best.size()) {
                best = run;
            }
            run.clear();
        };
        while (!at_end() && in_[at_] != ')') {
            const char c = in_[at_];
            if (c == '\\' && at_ + 1 < in_.size() && is_literal_escape(in_[at_ + 1])) {
                run += in_[at_ + 1];
                at_ += 2;
            } else if (c == '*' || c == '?' || c == '{') {
                drop_character(run);  // it may be absent
                end_run();
                const std::size_t brace = c == '{' ? in_.find('}', at_) : at_;
                at_ = brace == std::string_view::npos ? at_ + 1 : brace + 1;
            } else if (c == '(') {
                end_run();
                run = group();
                end_run();
            } else if (std::string_view{"\\[.^$+|"}.contains(c)) {
                end_run();
                several = several || c == '|';
                skip_item();
            } else {
                run += c;
                ++at_;
            }
        }
        end_run();
        return several ? std::string{} : best;
    }

    // What is inside and has to be there.
    std::string group() {
        ++at_;
        bool counts = true;
        if (looking_at("?:")) {
            at_ += 2;
        } else if (looking_at("?i")) {
            ignores_case_ = true;
            at_ = in_.size();
            return {};
        } else if (looking_at("?")) {
            counts = false;  // look-around and names: not worth reading
            ++at_;
        }
        std::string inside = alternatives();
        if (!at_end()) {
            ++at_;
        }
        return counts && !looking_at_any("*?{") ? inside : std::string{};
    }

    // A letter behind \ is a class or an assertion.
    static bool is_literal_escape(char c) noexcept { return c > ' ' && c < 0x7F && !is_alphanumeric(c); }

    void skip_item() {
        if (in_[at_] == '\\') {
            at_ = std::min(at_ + 2, in_.size());
        } else if (in_[at_] == '[') {
            skip_class();
        } else {
            ++at_;
        }
    }

    void skip_class() {
        at_ += looking_at("[^") ? 2 : 1;
        for (bool first = true; !at_end() && (first || in_[at_] != ']'); first = false) {
            if (looking_at("[:")) {
                at_ = std::min(in_.find(":]", at_ + 2), in_.size() - 2);
            }
            at_ = std::min(at_ + (looking_at("\\") || looking_at(":]") ? 2 : 1), in_.size());
        }
        at_ += at_end() ? 0 : 1;
    }

    static void drop_character(std::string& run) {
        while (!run.empty() && continues_character(run.back())) {
            run.pop_back();
        }
        if (!run.empty()) {
            run.pop_back();
        }
    }

    std::string_view in_;
    std::size_t at_ = 0;
    bool ignores_case_ = false;
};

// Bytes of logs and prose, the most frequent first; any other is rare.
constexpr std::string_view frequent = " e0t1ao2inrs/3.5l4d-c6:7h98pum\"\tgfyb,wv[]=_(){}kTSAMPCIEDRGLNO";

std::size_t rarity(char c) noexcept {
    return std::min(frequent.find(c), frequent.size());
}

}  // namespace

std::string required_literal(std::string_view expression) {
    return reader{expression}.run();
}

literal_finder::literal_finder(std::string text) : text_{std::move(text)} {
    const auto rarer = [&](std::size_t a, std::size_t b) { return rarity(text_[a]) > rarity(text_[b]); };
    for (std::size_t i = 1; i < text_.size(); ++i) {
        if (rarer(i, first_)) {
            second_ = std::exchange(first_, i);
        } else if (i == 1 || rarer(i, second_)) {
            second_ = i;
        }
    }
}

std::size_t literal_finder::find(std::string_view in, std::size_t from) const noexcept {
    if (from > in.size() || in.size() - from < text_.size()) {
        return std::string_view::npos;
    }
    // Two bytes at the right distance are looked for, and the rest compared where they are. A loop of known length is
    // one that the compiler turns into vector instructions at -O2.
    constexpr std::size_t step = 64;
    const char first = text_[first_];
    const char second = text_[second_];
    const std::size_t last = in.size() - text_.size();
    while (from + step <= last + 1) {
        const char* const at_first = in.data() + from + first_;
        const char* const at_second = in.data() + from + second_;
        std::uint8_t any = 0;
        for (std::size_t i = 0; i < step; ++i) {
            any = static_cast<std::uint8_t>(any | ((at_first[i] == first) & (at_second[i] == second)));
        }
        if (any != 0) {
            for (std::size_t i = 0; i < step; ++i) {
                if (at_first[i] == first && in.substr(from + i).starts_with(text_)) {
                    return from + i;
                }
            }
        }
        from += step;
    }
    return in.find(text_, from);
}

}  // namespace fiberlab::pipeline_text
