// child: the program under test as a process. Its input is fed and its output collected while it runs; whatever is
// waited for has a deadline, and no child outlives its handle.
//
//   const finished done = run({.arguments = {std::string{program()}, "tee", "--json"}});
//   CHECK(done.exit_code == 0);
//
//   child running{{.arguments = {…}}};
//   REQUIRE(running.wait_for_output("step"));
//   running.send(SIGINT);
//   CHECK(running.finish().exit_code == 130);
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fiberlab::test {

struct launch {
    std::vector<std::string> arguments{};  // the first is the program, looked up in PATH
    std::string input{};                   // standard input; then its end
    bool keep_input_open = false;
    bool typed = false;      // with `terminal`: standard input is that terminal, and its session's
    bool terminal = false;   // standard output and error are a terminal of 80 columns: all comes as `out`
    bool no_stdout = false;  // standard output is closed from the start
    std::string folder{};    // to start in; empty: ours
    // Set (or with nullopt: removed). Variables that steer fiberlab or its colours are removed unless set here.
    std::vector<std::pair<std::string, std::optional<std::string>>> environment{};
    std::chrono::milliseconds patience{60'000};  // for finish(); then the child is killed
};

struct finished {
    int exit_code = -1;  // -1 when a signal ended it
    int signal = 0;
    bool timed_out = false;
    std::string out;
    std::string err;
};

class child {
public:
    explicit child(launch how);  // throws std::system_error when it can't be started
    ~child();                    // kills and reaps what still runs
    child(const child&) = delete;
    child& operator=(const child&) = delete;

    pid_t id() const noexcept { return id_; }
    void send(int signal) const;

    // Reads until standard output (or error) has the text: false at its end or at the deadline.
    bool wait_for_output(const std::string& text);
    bool wait_for_error(const std::string& text);

    void type(const std::string& more);  // adds to the input
    void close_output();                 // goes away as `head` does
    bool ended_within(std::chrono::milliseconds time);
    finished finish();  // until it has ended and all its output is there

private:
    bool pump(const std::function<bool()>& enough);  // moves bytes until then: false at the deadline
    void read_from(int& descriptor, std::string& into);
    void feed();
    bool reap();

    launch how_;
    std::chrono::steady_clock::time_point deadline_;
    pid_t id_ = -1;
    int exit_ = -1;  // a pidfd
    int in_ = -1;
    int out_ = -1;
    int err_ = -1;
    std::size_t fed_ = 0;
    finished result_;
};

finished run(launch how);

// Makes this process the new parent of what its children leave behind.
void adopt_orphans();

// Waits until nothing that we started or adopted is left: false when something still runs at the deadline.
bool no_child_left(std::chrono::milliseconds patience);

}  // namespace fiberlab::test
