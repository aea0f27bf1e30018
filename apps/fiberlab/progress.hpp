// progress: a line on standard error while a long run goes on, where that is a terminal.
//
//   tee  2.1 s of 5 s ━━━━━━━━━─────────────  2.9 s to go
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "apps/fiberlab/output.hpp"
#include "patterns/core/time.hpp"
#include "patterns/demo/command.hpp"

namespace fiberlab::cli {

// The line's text. `planned` is how long the run is meant to take, if that is known; a meter that knows more wins.
std::string progress_line(const std::string& command, duration elapsed, std::optional<duration> planned,
                          const demo::progress_meter& meter, std::size_t width);

// Shows the line from a thread of its own for as long as it lives.
class progress {
public:
    progress(std::string command, std::optional<duration> planned, const demo::progress_meter& meter, screen& shared);
    ~progress();
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;

private:
    void show();

    std::string command_;
    std::optional<duration> planned_;
    const demo::progress_meter& meter_;
    screen& screen_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::mutex access_;
    std::condition_variable over_;
    bool is_over_ = false;
    std::thread thread_;
};

}  // namespace fiberlab::cli
