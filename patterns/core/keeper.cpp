#include "patterns/core/keeper.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "patterns/core/process.hpp"

namespace fiberlab {

namespace {

struct family {
    pid_t child = -1;
    bool child_ended = false;
    int child_status = 0;

    // Collects everybody who has ended. False when nobody is left.
    bool reap() {
        int status = 0;
        pid_t ended = 0;
        while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
            if (ended == child) {
                child_ended = true;
                child_status = status;
            }
        }
        return ended == 0;
    }
};

// Processes whose parent we are: the child, and as their subreaper every descendant whose own parent has ended.
std::vector<pid_t> our_children() {
    std::vector<pid_t> found;
    const std::unique_ptr<DIR, int (*)(DIR*)> processes{opendir("/proc"), closedir};
    const pid_t self = getpid();
    while (const dirent* entry = processes != nullptr ? readdir(processes.get()) : nullptr) {
        const std::string_view text{entry->d_name};
        pid_t id = 0;
        if (std::from_chars(text.data(), text.data() + text.size(), id).ec != std::errc{}) {
            continue;
        }
        std::ifstream stat{"/proc/" + std::string{text} + "/stat"};
        std::string line;
        std::getline(stat, line);
        // "pid (name) state ppid …", and a name may hold blanks and brackets.
        const auto end_of_name = line.rfind(')');
        if (end_of_name != std::string::npos && line.size() > end_of_name + 4 &&
            std::strtol(line.c_str() + end_of_name + 4, nullptr, 10) == self) {
            found.push_back(id);
        }
    }
    return found;
}

// Nobody gets away: whoever dies hands its own children to us, so that the next round finds them.
void end_all(family& all) {
    constexpr int rounds = 200;
    for (int round = 0; round < rounds && all.reap(); ++round) {
        if (all.child > 0 && !all.child_ended) {
            ::kill(-all.child, SIGKILL);
        }
        for (const pid_t id : our_children()) {
            ::kill(id, SIGKILL);
        }
        constexpr int pause_ms = 5;
        poll(nullptr, 0, pause_ms);
    }
}

// The child's side: never returns.
[[noreturn]] void become(char** arguments, int report_exec_error) {
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD}) {
        std::signal(number, SIG_DFL);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(arguments[0], arguments);
    const int code = errno;
    [[maybe_unused]] const auto written = write(report_exec_error, &code, sizeof code);
    _exit(127);
}

// Starts the child and tells the program whether it could be executed. False when it could not.
bool launch(family& all, char** arguments, int report) {
    std::array<int, 2> exec_error{};
    if (pipe2(exec_error.data(), O_CLOEXEC) != 0) {
        return false;
    }
    const pid_t made = fork();
    if (made == 0) {
        become(arguments, exec_error[1]);
    }
    close(exec_error[1]);
    keeper_report said{.child = made, .exec_error = made < 0 ? errno : 0};
    if (made > 0) {
        setpgid(made, made);  // whoever comes first: a signal to the group must find it
        int code = 0;
        if (read(exec_error[0], &code, sizeof code) == sizeof code) {
            said.exec_error = code;
        }
    }
    close(exec_error[0]);
    all.child = made;
    [[maybe_unused]] const auto written = write(report, &said, sizeof said);
    close(report);
    return said.exec_error == 0;
}

// False once the program is gone or wants the family ended.
bool obey(int control, const family& all) {
    std::array<unsigned char, 16> signals{};
    const ssize_t count = read(control, signals.data(), signals.size());
    if (count < 0) {
        return errno == EINTR || errno == EAGAIN;
    }
    for (ssize_t i = 0; i < count; ++i) {
        if (!all.child_ended) {
            ::kill(-all.child, signals.at(static_cast<std::size_t>(i)));
        }
    }
    return count > 0;
}

// Ends as the child did, so that whoever waits for us sees the child's own end.
[[noreturn]] void end_like(int status) {
    if (WIFSIGNALED(status)) {
        const rlimit no_core{0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_UNBLOCK, &all, nullptr);
        std::signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

void keep_only_standard_streams() {
    // The child has what it needs; a pipe's end kept open here would hide the child's own end of file.
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        dup2(null, number);
    }
}

}  // namespace

std::optional<int> run_keeper(int argc, char** argv) {
    constexpr int first_of_command = 4;
    if (argc <= first_of_command || keeper_role != argv[1]) {
        return std::nullopt;
    }
    const int control = std::atoi(argv[2]);
    const int report = std::atoi(argv[3]);
    for (const int ours : {control, report}) {
        fcntl(ours, F_SETFD, FD_CLOEXEC);
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD}) {
        sigaddset(&blocked, number);
    }
    sigprocmask(SIG_SETMASK, &blocked, nullptr);
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    const int child_events = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);

    family all;
    if (!launch(all, argv + first_of_command, report)) {
        all.reap();
        return 127;
    }
    keep_only_standard_streams();
    bool wanted = true;
    while (wanted && !all.child_ended) {
        std::array<pollfd, 2> events{pollfd{control, POLLIN, 0}, pollfd{child_events, POLLIN, 0}};
        poll(events.data(), events.size(), -1);
        if (events[1].revents != 0) {
            signalfd_siginfo info{};
            [[maybe_unused]] const auto drained = read(child_events, &info, sizeof info);
            all.reap();
        }
        if (events[0].revents != 0) {
            wanted = obey(control, all);
        }
    }
    end_all(all);
    end_like(all.child_status);
}

}  // namespace fiberlab
