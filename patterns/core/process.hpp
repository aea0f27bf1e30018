// process: a child program, with everything that it starts.
//
//   auto child = process::start({.arguments = {"curl", "-s", url}, .output = stream::piped});
//   byte_reader from_child{child->output()};
//   exit_status ended = child->wait(stop).value();
//   // the destructor ends what still runs: the child and all its descendants
//
// Each child runs under a keeper: this program started anew in a hidden role, single-threaded, as subreaper of all that
// the child starts. The keeper passes signals on, ends the child's whole family when the child has ended, when it is
// told to and when this process is gone, however that died (the end of a pipe tells it), and takes over the child's
// exit. main() must therefore begin with `if (auto code = run_keeper(argc, argv)) return *code;`.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "patterns/core/byte_stream.hpp"
#include "patterns/core/status.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/time.hpp"

namespace fiberlab {

enum class stream { inherited, piped, null };

struct process_settings {
    std::vector<std::string> arguments;                              // the first is the program, looked up in PATH
    std::vector<std::pair<std::string, std::string>> environment{};  // added to ours
    stream input = stream::null;
    stream output = stream::inherited;
    stream errors = stream::inherited;
};

struct exit_status {
    int code = 0;    // of exit(); meaningless when `signal` is set
    int signal = 0;  // that ended it
    int shell_code() const noexcept { return signal != 0 ? 128 + signal : code; }
};

struct start_error {
    int exit_code = 125;  // 126: not executable, 127: not found, 125: our own failure
    std::string message;
};

class process {
public:
    // Blocks the fiber until the program has been executed, or has been found not to be executable.
    static std::expected<process, start_error> start(const process_settings& settings);

    process(process&&) noexcept = default;
    process& operator=(process&&) noexcept;
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process();  // kills the family and waits for it

    // Blocks until the child and all its descendants have ended: the child's status, or timeout, or stopped (it then
    // still runs). May be called again.
    std::expected<exit_status, status> wait(const stop_token& stop = {}, time_point deadline = never);

    void signal(int number) const noexcept;  // to the child's process group, by way of the keeper
    void kill() noexcept;                    // ends the whole family at once

    // SIGTERM, then after `grace` the end of the whole family. Blocks until all have ended.
    exit_status terminate(duration grace);

    pid_t id() const noexcept { return child_; }           // of the child itself
    int output() const noexcept { return output_.get(); }  // to read what it prints, if piped
    int errors() const noexcept { return errors_.get(); }
    int input() const noexcept { return input_.get(); }
    void close_input() noexcept { input_.reset(); }  // a byte_writer made of it keeps it open until it goes

private:
    process() = default;

    pid_t keeper_ = -1;
    pid_t child_ = -1;
    descriptor keeper_exit_;  // a pidfd
    descriptor control_;      // its end tells the keeper that we are gone
    descriptor input_;
    descriptor output_;
    descriptor errors_;
    std::optional<exit_status> ended_;
};

std::optional<int> run_keeper(int argc, char** argv);  // nullopt: not this role

}  // namespace fiberlab
