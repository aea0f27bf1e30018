#include <cstddef>
#include <span>

#include "patterns/pipeline/text/stages.hpp"

namespace fiberlab::pipeline_text {

namespace {

constexpr char upper(char c) noexcept {
    const auto from_a = static_cast<unsigned char>(c - 'a');
    return static_cast<char>(c ^ ((from_a < 26) << 5));
}

class upper_stage final : public text_stage {
public:
    std::expected<progress, std::string> transform(block& b) override {
        // A loop of known length is one that the compiler turns into vector instructions at -O2.
        constexpr std::size_t step = 64;
        std::span<char> rest{b};
        for (; rest.size() >= step; rest = rest.subspan(step)) {
            for (char& c : rest.first<step>()) {
                c = upper(c);
            }
        }
        for (char& c : rest) {
            c = upper(c);
        }
        return progress::done;
    }
};

}  // namespace

std::unique_ptr<text_stage> make_upper() {
    return std::make_unique<upper_stage>();
}

}  // namespace fiberlab::pipeline_text
