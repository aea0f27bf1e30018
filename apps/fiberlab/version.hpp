#pragma once

#include <string_view>

namespace fiberlab::cli {

inline constexpr std::string_view version = FIBERLAB_VERSION;

}  // namespace fiberlab::cli
