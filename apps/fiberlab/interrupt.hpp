// interrupt: SIGINT and SIGTERM ask the run to finish and to report what there is; the second one ends the program at
// once. A reader that goes away must not kill the program, so SIGPIPE is ignored.
#pragma once

#include <string>

namespace fiberlab::cli {

void ignore_closed_pipes();
void catch_interrupts();

std::string signal_name(int number);  // "SIGINT"

}  // namespace fiberlab::cli
