// A small fiberlab whose commands show every way a run can go, for the tests of the command line itself.
#pragma once

#include <vector>

#include "patterns/demo/command.hpp"

namespace fiberlab::test {

const demo::command& relay();      // values through a channel; every type of option; defects for each verdict
const demo::command& mishap();     // every way to fail
const demo::command& endless();    // works until it is stopped
const demo::command& copy();       // real input: files or --input to standard output
const demo::command& start();      // real input: a child process
const demo::command& lock_pick();  // two words, and operands of a list

std::vector<const demo::command*> fake_commands();

}  // namespace fiberlab::test
