// `fiberlab pipeline --input FILE|- --stage …`: text through the stages, block by block, onto standard output.
#pragma once

#include "patterns/demo/command.hpp"

namespace fiberlab::pipeline {

demo::report run_text(const demo::stage& on);

}  // namespace fiberlab::pipeline
