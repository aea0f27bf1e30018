#include "tests/support/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace fiberlab::test {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error{errno, std::generic_category(), what};
}

struct pipe_ends {
    int read = -1;
    int write = -1;
};

pipe_ends make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        fail("pipe");
    }
    return {.read = ends[0], .write = ends[1]};
}

pipe_ends make_terminal() {
    pipe_ends ends;
    winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    if (::openpty(&ends.read, &ends.write, nullptr, nullptr, &size) != 0) {
        fail("openpty");
    }
    ::fcntl(ends.read, F_SETFD, FD_CLOEXEC);
    ::fcntl(ends.write, F_SETFD, FD_CLOEXEC);
    return ends;
}

bool steers_the_program(const std::string& variable) {
    return variable.starts_with("FIBERLAB_") || variable == "NO_COLOR" || variable == "CLICOLOR_FORCE";
}

std::vector<std::string> environment_of(const launch& how) {
    std::map<std::string, std::string> variables;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string line{*each};
        const std::size_t equals = line.find('=');
        if (equals != std::string::npos && !steers_the_program(line.substr(0, equals))) {
            variables[line.substr(0, equals)] = line.substr(equals + 1);
        }
    }
    variables["TERM"] = "xterm-256color";
    for (const auto& [variable, value] : how.environment) {
        if (value) {
            variables[variable] = *value;
        } else {
            variables.erase(variable);
        }
    }
    std::vector<std::string> lines;
    for (const auto& [variable, value] : variables) {
        lines.push_back(variable + "=" + value);
    }
    return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) {
        all.push_back(text.data());
    }
    all.push_back(nullptr);
    return all;
}

void close_if_open(int& descriptor) {
    if (descriptor >= 0) {
        ::close(descriptor);
        descriptor = -1;
    }
}

int open_pidfd(pid_t id) {
    return static_cast<int>(::syscall(SYS_pidfd_open, id, 0));
}

std::vector<pid_t> children() {
    std::ifstream list{"/proc/self/task/" + std::to_string(::getpid()) + "/children"};
    return {std::istream_iterator<pid_t>{list}, {}};
}

int milliseconds_until(std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

child::child(launch how) : how_{std::move(how)}, deadline_{std::chrono::steady_clock::now() + how_.patience} {
    const pipe_ends in = make_pipe();
    const pipe_ends out = how_.terminal ? make_terminal() : make_pipe();
    const pipe_ends err = how_.terminal ? pipe_ends{} : make_pipe();
    std::vector<std::string> environment = environment_of(how_);
    const std::vector<char*> variables = pointers(environment);
    const std::vector<char*> arguments = pointers(how_.arguments);

    id_ = ::fork();
    if (id_ < 0) {
        fail("fork");
    }
    if (id_ == 0) {
        if (how_.typed) {
            ::setsid();
            ::ioctl(out.write, TIOCSCTTY, 0);
        } else {
            ::setpgid(0, 0);
        }
        // What this test program ignores or blocks is not for the program under test.
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        for (const int number : {SIGINT, SIGTERM, SIGPIPE, SIGHUP}) {
            ::signal(number, SIG_DFL);
        }
        ::dup2(how_.typed ? out.write : in.read, STDIN_FILENO);
        ::dup2(out.write, STDOUT_FILENO);
        ::dup2(how_.terminal ? out.write : err.write, STDERR_FILENO);
        if (how_.no_stdout) {
            ::close(STDOUT_FILENO);
        }
        if (how_.folder.empty() || ::chdir(how_.folder.c_str()) == 0) {
            ::execvpe(arguments.front(), arguments.data(), variables.data());
        }
        ::_exit(127);
    }
    ::setpgid(id_, id_);
    ::close(in.read);
    ::close(out.write);
    out_ = out.read;
    in_ = in.write;
    if (how_.typed) {
        ::close(in_);
        in_ = ::fcntl(out_, F_DUPFD_CLOEXEC, 0);
    }
    err_ = err.read;
    if (err.write >= 0) {
        ::close(err.write);
    }
    for (const int descriptor : {in_, out_, err_}) {
        if (descriptor >= 0) {
            ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
        }
    }
    exit_ = open_pidfd(id_);
    if (exit_ < 0) {
        fail("pidfd_open");
    }
    // Writing to a child that does not read is an error here, not our death.
    ::signal(SIGPIPE, SIG_IGN);
}

child::~child() {
    if (exit_ >= 0) {
        ::kill(-id_, SIGKILL);
        ::waitpid(id_, nullptr, 0);
        close_if_open(exit_);
    }
    close_if_open(in_);
    close_if_open(out_);
    close_if_open(err_);
}

void child::send(int signal) const {
    ::kill(id_, signal);
}

void child::type(const std::string& more) {
    how_.input += more;
}

void child::close_output() {
    close_if_open(out_);
}

void child::read_from(int& descriptor, std::string& into) {
    std::array<char, 65536> bytes{};
    while (descriptor >= 0) {
        const ssize_t got = ::read(descriptor, bytes.data(), bytes.size());
        if (got > 0) {
            into.append(bytes.data(), static_cast<std::size_t>(got));
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got < 0 && errno == EAGAIN) {
            return;
        } else {
            close_if_open(descriptor);  // the end; of a terminal it is the error EIO
        }
    }
}

void child::feed() {
    while (in_ >= 0 && fed_ < how_.input.size()) {
        const ssize_t written = ::write(in_, how_.input.data() + fed_, how_.input.size() - fed_);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0 && errno == EAGAIN) {
            return;
        }
        if (written < 0) {
            close_if_open(in_);
            return;
        }
        fed_ += static_cast<std::size_t>(written);
    }
    if (!how_.keep_input_open) {
        close_if_open(in_);
    }
}

bool child::reap() {
    int status = 0;
    if (exit_ >= 0 && ::waitpid(id_, &status, WNOHANG) == id_) {
        result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        result_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        close_if_open(exit_);
    }
    return exit_ < 0;
}

bool child::pump(const std::function<bool()>& enough) {
    while (true) {
        feed();
        read_from(out_, result_.out);
        read_from(err_, result_.err);
        if (enough()) {
            return true;
        }
        const bool hungry = in_ >= 0 && fed_ < how_.input.size();
        std::array<pollfd, 4> waiting{{{.fd = out_, .events = POLLIN, .revents = 0},
                                       {.fd = err_, .events = POLLIN, .revents = 0},
                                       {.fd = hungry ? in_ : -1, .events = POLLOUT, .revents = 0},
                                       {.fd = exit_, .events = POLLIN, .revents = 0}}};
        const int ready = ::poll(waiting.data(), waiting.size(), milliseconds_until(deadline_));
        if (ready == 0) {
            return false;
        }
    }
}

bool child::wait_for_output(const std::string& text) {
    const auto found = [&] { return result_.out.find(text) != std::string::npos; };
    return pump([&] { return found() || out_ < 0; }) && found();
}

bool child::wait_for_error(const std::string& text) {
    const auto found = [&] { return result_.err.find(text) != std::string::npos; };
    return pump([&] { return found() || err_ < 0; }) && found();
}

bool child::ended_within(std::chrono::milliseconds time) {
    pollfd ended{.fd = exit_, .events = POLLIN, .revents = 0};
    return exit_ < 0 || ::poll(&ended, 1, static_cast<int>(time.count())) > 0;
}

finished child::finish() {
    how_.keep_input_open = false;
    // A child of the child may hold the pipes open: its output is part of the result.
    if (!pump([&] { return reap() && out_ < 0 && err_ < 0; })) {
        result_.timed_out = true;
        ::kill(-id_, SIGKILL);
        if (exit_ >= 0) {
            ::waitpid(id_, nullptr, 0);
            close_if_open(exit_);
        }
    }
    return std::move(result_);
}

finished run(launch how) {
    child running{std::move(how)};
    return running.finish();
}

void adopt_orphans() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

bool no_child_left(std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        siginfo_t ended{};
        if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG) != 0) {
            return errno == ECHILD;
        }
        if (ended.si_pid != 0) {
            continue;
        }
        std::vector<pollfd> waiting;
        for (const pid_t each : children()) {
            waiting.push_back({.fd = open_pidfd(each), .events = POLLIN, .revents = 0});
        }
        const int ready = ::poll(waiting.data(), waiting.size(), milliseconds_until(deadline));
        for (pollfd& each : waiting) {
            close_if_open(each.fd);
        }
        if (ready == 0) {
            return false;
        }
    }
}

}  // namespace fiberlab::test
