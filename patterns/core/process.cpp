#include "patterns/core/process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "patterns/core/io.hpp"
#include "patterns/core/keeper.hpp"
#include "patterns/core/runtime/seam.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace fiberlab {

namespace {

struct pipe_ends {
    descriptor read;
    descriptor write;
};

std::optional<pipe_ends> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        return std::nullopt;
    }
    return pipe_ends{descriptor{ends[0]}, descriptor{ends[1]}};
}

start_error own_failure(const char* call, int code) {
    return {.exit_code = 125, .message = std::string{call} + ": " + std::generic_category().message(code)};
}

// One of the child's three streams: what it gets, and our end of it when it is piped.
struct stream_plan {
    int given = -1;     // the descriptor that the child's number becomes; -1: left as it is
    descriptor theirs;  // closed here once the child has it
    descriptor ours;
};

std::expected<stream_plan, start_error> plan(stream kind, bool child_reads) {
    stream_plan made;
    if (kind == stream::null) {
        made.theirs = descriptor{open("/dev/null", (child_reads ? O_RDONLY : O_WRONLY) | O_CLOEXEC)};
        if (!made.theirs.valid()) {
            return std::unexpected{own_failure("/dev/null", errno)};
        }
    } else if (kind == stream::piped) {
        auto ends = make_pipe();
        if (!ends) {
            return std::unexpected{own_failure("pipe", errno)};
        }
        made.theirs = std::move(child_reads ? ends->read : ends->write);
        made.ours = std::move(child_reads ? ends->write : ends->read);
    }
    made.given = made.theirs.get();
    return made;
}

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& added) {
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text{*entry};
        const auto replaced = [&](const auto& pair) {
            return text.starts_with(pair.first) && text.substr(pair.first.size()).starts_with('=');
        };
        if (std::ranges::none_of(added, replaced)) {
            all.emplace_back(text);
        }
    }
    for (const auto& [key, value] : added) {
        all.push_back(key + "=" + value);
    }
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (std::string& text : texts) {
        out.push_back(text.data());
    }
    out.push_back(nullptr);
    return out;
}

// posix_spawn's two objects, destroyed on every path.
class spawn_plan {
public:
    spawn_plan() {
        posix_spawn_file_actions_init(&actions_);
        posix_spawnattr_init(&attributes_);
        // A group of its own: a terminal's Ctrl-C reaches this program, which passes it on.
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    ~spawn_plan() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    spawn_plan(const spawn_plan&) = delete;
    spawn_plan& operator=(const spawn_plan&) = delete;
    spawn_plan(spawn_plan&&) = delete;
    spawn_plan& operator=(spawn_plan&&) = delete;

    void give(int ours, int theirs) {
        if (ours >= 0) {
            posix_spawn_file_actions_adddup2(&actions_, ours, theirs);
        }
    }
    int spawn(pid_t& made, char* const* arguments, char* const* environment) {
        return posix_spawn(&made, "/proc/self/exe", &actions_, &attributes_, arguments, environment);
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

exit_status from(const siginfo_t& info) {
    return info.si_code == CLD_EXITED ? exit_status{.code = info.si_status} : exit_status{.signal = info.si_status};
}

}  // namespace

std::expected<process, start_error> process::start(const process_settings& settings) {
    if (settings.arguments.empty()) {
        return std::unexpected{start_error{.exit_code = 125, .message = "no program given"}};
    }
    auto input = plan(settings.input, true);
    auto output = plan(settings.output, false);
    auto errors = plan(settings.errors, false);
    auto control = make_pipe();
    auto report = make_pipe();
    for (const auto* one : {&input, &output, &errors}) {
        if (!*one) {
            return std::unexpected{one->error()};
        }
    }
    if (!control || !report) {
        return std::unexpected{own_failure("pipe", errno)};
    }

    std::vector<std::string> arguments{"fiberlab", std::string{keeper_role}, std::to_string(control->read.get()),
                                       std::to_string(report->write.get())};
    arguments.insert(arguments.end(), settings.arguments.begin(), settings.arguments.end());
    std::vector<std::string> environment = environment_with(settings.environment);

    process child;
    const int failed = offload([&] {
        spawn_plan plan;
        plan.give(input->given, STDIN_FILENO);
        plan.give(output->given, STDOUT_FILENO);
        plan.give(errors->given, STDERR_FILENO);
        // To itself: posix_spawn then clears close-on-exec, for this one process.
        plan.give(control->read.get(), control->read.get());
        plan.give(report->write.get(), report->write.get());
        return plan.spawn(child.keeper_, pointers(arguments).data(), pointers(environment).data());
    });
    if (failed != 0) {
        return std::unexpected{own_failure("starting a process", failed)};
    }
    child.keeper_exit_ = descriptor{static_cast<int>(syscall(SYS_pidfd_open, child.keeper_, 0))};
    child.control_ = std::move(control->write);
    child.input_ = std::move(input->ours);
    child.output_ = std::move(output->ours);
    child.errors_ = std::move(errors->ours);
    if (!child.keeper_exit_.valid()) {
        return std::unexpected{own_failure("pidfd_open", errno)};
    }

    report->write.reset();
    keeper_report said{};
    byte_reader from_keeper{report->read.get()};
    const auto got = from_keeper.read({reinterpret_cast<char*>(&said), sizeof said});
    if (!got || *got != sizeof said) {
        return std::unexpected{
            start_error{.exit_code = 125, .message = "the keeper process ended before its child began"}};
    }
    if (said.exec_error != 0) {
        return std::unexpected{start_error{
            .exit_code = said.exec_error == ENOENT ? 127 : 126,
            .message = settings.arguments.front() + ": " + std::generic_category().message(said.exec_error)}};
    }
    child.child_ = said.child;
    return child;
}

process& process::operator=(process&& other) noexcept {
    if (this != &other) {
        process old{std::move(*this)};
        keeper_ = std::exchange(other.keeper_, -1);
        child_ = std::exchange(other.child_, -1);
        keeper_exit_ = std::move(other.keeper_exit_);
        control_ = std::move(other.control_);
        input_ = std::move(other.input_);
        output_ = std::move(other.output_);
        errors_ = std::move(other.errors_);
        ended_ = std::exchange(other.ended_, std::nullopt);
    }
    return *this;
}

process::~process() {
    if (!keeper_exit_.valid() || ended_.has_value()) {
        return;
    }
    kill();
    if (seam::on_fiber() && !seam::unwinding()) {
        try {
            [[maybe_unused]] const auto ended = wait();
            return;
        } catch (...) {
            // The run ends: the keeper is told already, and is waited for below.
            input_.reset();
        }
    }
    siginfo_t info{};
    waitid(P_PIDFD, static_cast<id_t>(keeper_exit_.get()), &info, WEXITED);
}

std::expected<exit_status, status> process::wait(const stop_token& stop, time_point deadline) {
    while (!ended_.has_value()) {
        if (const status ready = wait_readable(keeper_exit_.get(), deadline, stop); ready != status::ok) {
            return std::unexpected{ready};
        }
        siginfo_t info{};
        if (waitid(P_PIDFD, static_cast<id_t>(keeper_exit_.get()), &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
            ended_ = from(info);
        }
    }
    return *ended_;
}

void process::signal(int number) const noexcept {
    const auto byte = static_cast<unsigned char>(number);
    [[maybe_unused]] const auto written = ::write(control_.get(), &byte, 1);
}

void process::kill() noexcept {
    control_.reset();
}

exit_status process::terminate(duration grace) {
    signal(SIGTERM);
    if (const auto ended = wait({}, after(grace))) {
        return *ended;
    }
    kill();
    return wait().value();
}

}  // namespace fiberlab
