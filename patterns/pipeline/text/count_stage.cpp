#include <cstdint>

#include "patterns/pipeline/text/stages.hpp"

namespace fiberlab::pipeline_text {

namespace {

class count_stage final : public text_stage {
public:
    std::expected<progress, std::string> transform(block& b) override {
        lines_ += count_lines(b);
        b.clear();
        return progress::done;
    }

    void finish(block& out) override { out = std::to_string(lines_) + '\n'; }

private:
    std::uint64_t lines_ = 0;
};

}  // namespace

std::unique_ptr<text_stage> make_count() {
    return std::make_unique<count_stage>();
}

}  // namespace fiberlab::pipeline_text
