#include <algorithm>
#include <cstring>

#include "patterns/pipeline/text/stages.hpp"

namespace fiberlab::pipeline_text {

namespace {

// awk's default separators, less the newline. CR is none: it stays with the last field.
constexpr bool blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

class field_stage final : public text_stage {
public:
    explicit field_stage(std::size_t number) : number_{number} {}

    std::expected<progress, std::string> transform(block& b) override {
        if (b.empty()) {
            return progress::done;
        }
        if (b.back() != '\n') {
            b += '\n';
        }
        // A field is never longer than its line, so the result is written over what has been read.
        char* to = b.data();
        const char* const end = b.data() + b.size();
        for (const char* from = b.data(); from != end;) {
            const char* const field = find(from);
            const char* const after = std::find_if(field, end, [](char c) { return blank(c) || c == '\n'; });
            const auto size = static_cast<std::size_t>(after - field);
            from = static_cast<const char*>(std::memchr(after, '\n', static_cast<std::size_t>(end - after))) + 1;
            std::memmove(to, field, size);
            to += size;
            *to++ = '\n';
        }
        b.resize(static_cast<std::size_t>(to - b.data()));
        return progress::done;
    }

private:
    // Where the field begins; the line's newline when there is no such field.
    const char* find(const char* at) const noexcept {
        for (std::size_t left = number_;;) {
            while (blank(*at)) {
                ++at;
            }
            if (*at == '\n' || --left == 0) {
                return at;
            }
            while (!blank(*at) && *at != '\n') {
                ++at;
            }
        }
    }

    std::size_t number_;
};

}  // namespace

std::unique_ptr<text_stage> make_field(std::size_t number) {
    return std::make_unique<field_stage>(number);
}

}  // namespace fiberlab::pipeline_text
