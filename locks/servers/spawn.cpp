#include "locks/servers/spawn.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <tuple>

#include "locks/servers/unique_fd.hpp"

namespace fiberlab::servers {

namespace {

// Nothing of the user's: a locale, a time zone or a PG… variable would change what the servers do.
std::vector<std::string> server_environment() {
    std::vector<std::string> made{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"};
    if (const char* libraries = std::getenv("LD_LIBRARY_PATH")) {
        made.push_back(std::string{"LD_LIBRARY_PATH="} + libraries);
    }
    return made;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> made;
    made.reserve(texts.size() + 1);
    for (std::string& text : texts) {
        made.push_back(text.data());
    }
    made.push_back(nullptr);
    return made;
}

bool become(const account& who) {
    return !who.foreign || (::setgroups(0, nullptr) == 0 && ::setresgid(who.gid, who.gid, who.gid) == 0 &&
                            ::setresuid(who.uid, who.uid, who.uid) == 0);
}

// Dies with the guardian. A change of credentials clears the death signal, hence after become(); a guardian that died
// before it was set is noticed by the new parent, hence the comparison after it.
bool die_with(pid_t guardian, int end_signal) {
    return ::prctl(PR_SET_PDEATHSIG, end_signal) == 0 && ::getppid() == guardian;
}

// Why a new process could not become the program; it travels through a pipe.
struct spawn_problem {
    enum class step : std::uint8_t { prepare, change_account, enter_folder, execute } at = step::prepare;
    int error = 0;
};

std::string describe(const spawn_problem& problem, const command& wanted) {
    using step = spawn_problem::step;
    const std::string program = "can't start " + wanted.arguments.front();
    const std::string reason = std::string{": "} + std::strerror(problem.error);
    switch (problem.at) {
        case step::change_account:
            return program + " as another user" + reason;
        case step::enter_folder:
            return program + " in " + wanted.folder.native() + reason;
        default:
            return program + reason;
    }
}

// Runs in the new process; returns only when it failed.
spawn_problem become_program(const command& wanted, const account& who, pid_t guardian, int log, char* const* arguments,
                             char* const* environment) {
    using step = spawn_problem::step;
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(log, STDOUT_FILENO) < 0 || ::dup2(log, STDERR_FILENO) < 0) {
        return {.at = step::prepare, .error = errno};
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::umask(077);
    if (!become(who) || !die_with(guardian, wanted.end_signal)) {
        return {.at = step::change_account, .error = errno};
    }
    if (::chdir(wanted.folder.c_str()) != 0) {
        return {.at = step::enter_folder, .error = errno};
    }
    ::execve(arguments[0], arguments, environment);
    return {.at = step::execute, .error = errno};
}

}  // namespace

std::expected<pid_t, std::string> spawn(const command& wanted, const account& run_as) {
    const auto failure = [&](const spawn_problem& problem) { return std::unexpected{describe(problem, wanted)}; };
    std::vector<std::string> arguments = wanted.arguments;
    std::vector<std::string> environment = server_environment();
    const std::vector<char*> argument_pointers = pointers(arguments);
    const std::vector<char*> environment_pointers = pointers(environment);
    const unique_fd log{::open(wanted.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    int ends[2] = {-1, -1};
    if (!log || ::pipe2(ends, O_CLOEXEC) != 0) {
        return failure({.error = errno});
    }
    const unique_fd read_end{ends[0]};
    unique_fd write_end{ends[1]};
    const pid_t guardian = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
        return failure({.error = errno});
    }
    if (pid == 0) {
        const spawn_problem problem =
            become_program(wanted, run_as, guardian, log.get(), argument_pointers.data(), environment_pointers.data());
        std::ignore = ::write(write_end.get(), &problem, sizeof problem);
        ::_exit(127);
    }
    write_end.reset();
    spawn_problem problem;
    if (::read(read_end.get(), &problem, sizeof problem) > 0) {
        ::waitpid(pid, nullptr, 0);
        return failure(problem);
    }
    return pid;
}

}  // namespace fiberlab::servers
