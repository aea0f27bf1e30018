// supervisor: a steward whose ward is a child process. What it prints is its pulse; its exit code says how it ended.
//
//   const supervision done = supervise({.command = {"my-server", "-v"}, .timeout = 30s}, stop, tell);
//   return done.exit_code;
//
// Blocks until the child finishes (exit code 0), the restart budget is spent or `stop` fires; the child and everything
// it started have ended when it returns. With a time-out the child's output runs through here, unchanged; without one
// the child has our own streams, a terminal included.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "patterns/core/process.hpp"
#include "patterns/self_healing/keep_running.hpp"

namespace fiberlab {

struct supervisor_settings {
    std::vector<std::string> command;
    duration timeout{};                        // of silence on both streams; 0: only its exit counts
    duration grace = std::chrono::seconds{5};  // between the polite signal and the end
    keep_settings keep{};
    std::function<void(std::size_t run, const process& child)> on_start{};
    std::function<void(const process& child, duration silent_for)> on_silence{};
};

struct child_run {
    pid_t id = -1;
    duration lived{};
    exit_status status{};
    bool gone = true;  // neither it nor its process group was there when its run was over
};

struct supervision {
    stewardship kept{};
    std::vector<child_run> runs{};
    int exit_code = 0;           // the last child's, as a shell tells it; 124 for one that had to be ended but says 0
    bool output_closed = false;  // whoever read our standard output has gone: nothing more to do
};

supervision supervise(const supervisor_settings& settings, const stop_token& stop);

}  // namespace fiberlab
