#include "apps/fiberlab/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace fiberlab::cli {

std::optional<std::string> process_environment(const std::string& variable) {
    const char* const value = std::getenv(variable.c_str());
    return value != nullptr ? std::optional<std::string>{value} : std::nullopt;
}

bool is_terminal(int descriptor) {
    return ::isatty(descriptor) == 1;
}

bool wants_colour(std::string_view color_option, const environment& variables, bool terminal) {
    if (color_option != "auto") {
        return color_option == "always";
    }
    if (!variables("NO_COLOR").value_or("").empty()) {
        return false;
    }
    if (const std::string force = variables("CLICOLOR_FORCE").value_or(""); !force.empty() && force != "0") {
        return true;
    }
    return terminal && variables("TERM").value_or("dumb") != "dumb";
}

std::size_t width_of(int descriptor) {
    winsize size{};
    if (!is_terminal(descriptor) || ::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return 80;
    }
    return std::clamp<std::size_t>(size.ws_col, 40, 160);
}

void open_missing_streams() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) == -1) {
            // The lowest free number is given out, which is this one.
            (void)::open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY);
        }
    }
}

}  // namespace fiberlab::cli
