// command_race: runs copies of a program at once; the first that ends with exit code 0 wins, and only what it printed
// is printed, whole. The others, and all that they started, are ended.
//
//   const race_result done = race_commands({.command = {"sh", "-c", "curl -s $MIRROR/$FIBERLAB_REPLICA"}}, stop);
//   return done.exit_code;
//
// Each copy finds its number, from 0, in FIBERLAB_REPLICA. Blocks until the race is over and nothing of it is left.
// What the winner printed is passed on before the losers have been waited for.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "patterns/core/process.hpp"
#include "patterns/replicated_requests/output_spool.hpp"
#include "patterns/replicated_requests/replicated_requests.hpp"

namespace fiberlab {

struct race_settings {
    std::vector<std::string> command;
    std::size_t replicas = 2;
    std::size_t most_output = 1'000'000'000;   // bytes kept of each copy; one that prints more has failed
    duration grace = std::chrono::seconds{1};  // a loser's, between the polite signal and its end
    std::function<void(std::size_t replica, const process& copy)> on_start{};
};

struct copy_run {
    output_spool output{};
    output_spool errors{};
    pid_t id = -1;
    int exit_code = 125;
    bool gone = true;  // neither it nor its process group was there when it was over
};

struct race_result {
    reply<copy_run*> outcome{};
    std::vector<std::unique_ptr<copy_run>> copies{};
    int exit_code = 0;           // the winner's; the last failure's when all failed
    bool none_started = false;   // the program could not be executed: outcome says why
    bool output_closed = false;  // whoever read our standard output has gone
    std::string write_error{};
};

race_result race_commands(const race_settings& settings, const stop_token& stop);

}  // namespace fiberlab
