#include <re2/re2.h>

#include <string>
#include <vector>

#include "patterns/pipeline/text/engine.hpp"

namespace fiberlab::pipeline_text {

namespace {

class linear_engine final : public engine {
public:
    linear_engine(std::string_view expression, encoding in) : re_{multi_line(expression), options(in)} {}

    bool ok() const { return re_.ok(); }

    found search(std::string_view text, std::size_t from, int wanted) override {
        const int count = wanted + 1;
        matched_.resize(static_cast<std::size_t>(count));
        text_ = text.data();
        const re2::StringPiece piece{text.data(), text.size()};
        const bool yes = re_.Match(piece, from, text.size(), RE2::UNANCHORED, matched_.data(), count);
        return yes ? found::yes : found::no;
    }

    range group(int number) const override {
        const re2::StringPiece& piece = matched_.at(static_cast<std::size_t>(number));
        if (piece.data() == nullptr) {
            return {};
        }
        const auto begin = static_cast<std::size_t>(piece.data() - text_);
        return {.begin = begin, .end = begin + piece.size()};
    }

private:
    static std::string multi_line(std::string_view expression) { return "(?m)" + std::string{expression}; }

    static RE2::Options options(encoding in) {
        RE2::Options made;
        made.set_log_errors(false);
        made.set_encoding(in == encoding::bytes ? RE2::Options::EncodingLatin1 : RE2::Options::EncodingUTF8);
        return made;
    }

    RE2 re_;
    std::vector<re2::StringPiece> matched_;
    const char* text_ = nullptr;
};

// \v is one character to RE2 and a class to PCRE2.
bool same_meaning(std::string_view expression) {
    return !expression.contains("\\v");
}

}  // namespace

std::unique_ptr<engine> make_linear_engine(std::string_view expression, encoding in) {
    if (!same_meaning(expression)) {
        return nullptr;
    }
    auto made = std::make_unique<linear_engine>(expression, in);
    return made->ok() ? std::move(made) : nullptr;
}

}  // namespace fiberlab::pipeline_text
