// stages: what makes each kind of text_stage, once its specification is understood.
#pragma once

#include <cstddef>
#include <memory>

#include "patterns/pipeline/text/block.hpp"
#include "patterns/pipeline/text/pattern.hpp"
#include "patterns/pipeline/text/replacement.hpp"
#include "patterns/pipeline/text/text_stage.hpp"

namespace fiberlab::pipeline_text {

std::unique_ptr<text_stage> make_match(pattern what);
std::unique_ptr<text_stage> make_replace(pattern what, replacement with, block_limits limits);
std::unique_ptr<text_stage> make_field(std::size_t number);  // from 1
std::unique_ptr<text_stage> make_upper();
std::unique_ptr<text_stage> make_count();
std::unique_ptr<text_stage> make_hash(block_limits limits);

}  // namespace fiberlab::pipeline_text
