// The built-in workload of `fiberlab pipeline`: an order desk. "read" makes orders, "price" is the slow stage, "pack"
// the fast one behind it, and "ship" takes what arrives.
#pragma once

#include "patterns/demo/command.hpp"

namespace fiberlab::pipeline {

demo::report run_orders(const demo::stage& on);           // the pattern, with our links
demo::report run_orders_on_boost(const demo::stage& on);  // the same stages over Boost's channels, to completion
demo::report run_orders_as_written(const demo::stage& on);

}  // namespace fiberlab::pipeline
