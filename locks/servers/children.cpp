#include "locks/servers/children.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace fiberlab::servers {

namespace fs = std::filesystem;

namespace {

using std::chrono::milliseconds;

// All processes whose parent is `parent`.
std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> found;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator{"/proc", error}) {
        const std::string name = entry.path().filename();
        pid_t pid = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size()) {
            continue;
        }
        std::ifstream file{entry.path() / "stat"};
        std::string text;
        std::getline(file, text);
        // "17 (a name, with any character) S 4 …": the parent comes second after the last bracket.
        const std::size_t bracket = text.rfind(") ");
        if (bracket != std::string::npos && std::atoi(text.c_str() + bracket + 4) == parent) {
            found.push_back(pid);
        }
    }
    return found;
}

}  // namespace

children::children(const account& run_as) : run_as_{run_as} {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t child_ended;
    ::sigemptyset(&child_ended);
    ::sigaddset(&child_ended, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child_ended, nullptr);
    signals_.reset(::signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::expected<pid_t, std::string> children::spawn(const command& wanted) {
    auto pid = servers::spawn(wanted, run_as_);
    if (pid) {
        none_left_ = false;
        running_.push_back({.pid = *pid, .end_signal = wanted.end_signal});
    }
    return pid;
}

void children::reap() {
    signalfd_siginfo ignored = {};
    while (::read(signals_.get(), &ignored, sizeof ignored) > 0) {
    }
    for (;;) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, WNOHANG);
        if (pid <= 0) {
            none_left_ = pid < 0;
            return;
        }
        if (std::erase_if(running_, [&](const child& known) { return known.pid == pid; }) > 0) {
            ended_.emplace_back(pid, status);
        }
    }
}

std::optional<int> children::ended(pid_t pid) const {
    const auto found = std::ranges::find(ended_, pid, &std::pair<pid_t, int>::first);
    return found == ended_.end() ? std::nullopt : std::optional{found->second};
}

bool children::wait_for_all(milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        reap();
        const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
        if (none_left_ || left <= milliseconds{0}) {
            return none_left_;
        }
        pollfd ended{.fd = signals_.get(), .events = POLLIN, .revents = 0};
        ::poll(&ended, 1, static_cast<int>(left.count()));
    }
}

void children::end_all() {
    for (const child& one : running_) {
        ::kill(one.pid, one.end_signal);
        ::kill(one.pid, SIGCONT);  // a stopped process sees only SIGKILL
    }
    // Orphans of initdb find their input closed and go, tidily; killed, they would leave shared memory behind.
    if (!wait_for_all(milliseconds{600})) {
        for (int round = 0; round < 200 && !none_left_; ++round) {
            for (const pid_t straggler : children_of(::getpid())) {
                shared_.note(straggler);
                ::kill(straggler, SIGKILL);
            }
            wait_for_all(milliseconds{5});
        }
    }
    shared_.remove();
}

std::string describe_status(int wait_status) {
    if (WIFSIGNALED(wait_status)) {
        const int signal = WTERMSIG(wait_status);
        return "ended by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
    }
    return "ended with code " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace fiberlab::servers
