#include "patterns/pipeline/text/text_stage.hpp"

#include <stdexcept>

namespace fiberlab::pipeline_text {

std::expected<progress, std::string> text_stage::resume(block& /*b*/) {
    throw std::logic_error{"text_stage: nothing to resume"};
}

void text_stage::finish(block& out) {
    out.clear();
}

}  // namespace fiberlab::pipeline_text
