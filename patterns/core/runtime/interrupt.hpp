// The signal that asked the run of this process to stop, on its way from a handler to the scheduler.
#pragma once

#include <string_view>

namespace fiberlab {

bool interrupt_pending() noexcept;
int take_interrupt() noexcept;                             // the signal number, once; 0 when there is none
std::string_view signal_text(int signal_number) noexcept;  // "SIGINT"

}  // namespace fiberlab
