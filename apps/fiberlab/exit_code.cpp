#include "apps/fiberlab/exit_code.hpp"

namespace fiberlab::cli::exit_code {

const std::vector<meaning>& all() {
    static const std::vector<meaning> codes{
        {"0", "done, and every invariant held; also when the reader of the output went away"},
        {"1", "internal error"},
        {"2", "usage: an option, a value or a combination of them that can't be"},
        {"3", "a server can't be reached or started, or is not installed"},
        {"4", "an invariant broke: two holders, a lost item, a leaked fiber, a deadlock"},
        {"5", "inconclusive: an invariant had no case to be judged by"},
        {"125, 126, 127", "of commands that run a CMD: our own failure, not executable, not found"},
        {"130, 143", "SIGINT, SIGTERM, after what was measured so far is printed; a second one ends at once"},
        {"other", "of commands that run a CMD: the code of that CMD"},
    };
    return codes;
}

}  // namespace fiberlab::cli::exit_code
