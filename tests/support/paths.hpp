// Where a test finds what it works on: the program under test and the source tree, as the build knows them.
#pragma once

#include <string_view>

namespace fiberlab::test {

std::string_view program();      // the fiberlab executable of this build
std::string_view source_tree();  // the root of the checkout

}  // namespace fiberlab::test
