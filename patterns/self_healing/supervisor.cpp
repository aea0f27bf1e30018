#include "patterns/self_healing/supervisor.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "patterns/self_healing/child_output.hpp"

namespace fiberlab {

namespace {

constexpr int had_to_be_ended = 124;  // as timeout(1) says it

bool exists(pid_t process_or_group) {
    return ::kill(process_or_group, 0) == 0 || errno != ESRCH;
}

bool reader_of_stdout_gone() {
    pollfd out{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

std::string in_words(const exit_status& ended) {
    if (ended.signal == 0) {
        return "exit code " + std::to_string(ended.code);
    }
    const char* const known = sigabbrev_np(ended.signal);
    return "killed by " + (known != nullptr ? std::string{"SIG"} + known : "signal " + std::to_string(ended.signal));
}

class supervisor {
public:
    supervisor(const supervisor_settings& settings, const stop_token& stop) : settings_{settings}, stop_{stop} {}

    supervision run() {
        done_.kept = keep_running(settings_.keep, stop_.token(), [this](std::size_t run) { return attend(run); });
        return std::move(done_);
    }

private:
    // One child, from its start to the end of its family.
    ward_result attend(std::size_t run) {
        const bool heard = settings_.timeout > duration::zero();
        auto child = process::start({.arguments = settings_.command,
                                     .output = heard ? stream::piped : stream::inherited,
                                     .errors = heard ? stream::piped : stream::inherited});
        if (!child) {
            done_.exit_code = child.error().exit_code;
            return {run == 1 ? ward_end::hopeless : ward_end::failed, child.error().message};
        }
        const time_point since = clock::now();
        if (settings_.on_start) {
            settings_.on_start(run, *child);
        }
        ward_result result = heard ? listen(*child) : await(*child);
        const exit_status status = child->wait().value();
        done_.runs.push_back({.id = child->id(),
                              .lived = clock::now() - since,
                              .status = status,
                              .gone = !exists(child->id()) && !exists(-child->id())});
        done_.exit_code = status.shell_code();
        if (result.how == ward_end::silent && done_.exit_code == 0) {
            done_.exit_code = had_to_be_ended;
        } else if (result.how == ward_end::finished && done_.exit_code != 0) {
            result = {ward_end::failed, in_words(status)};
        }
        if (status.signal == SIGPIPE && reader_of_stdout_gone()) {
            close_output();
        }
        return result;
    }

    // Only its exit counts.
    ward_result await(process& child) {
        if (!child.wait(stop_.token())) {
            return end(child);
        }
        return {};
    }

    // Its exit counts, and so does silence.
    ward_result listen(process& child) {
        child_output through{child};
        const stop_callback stop_too{through.when_reader_gone(), [this] { close_output(); }};
        ward_result result;
        for (;;) {
            const time_point deadline = after(settings_.timeout - through.silent_for());
            const auto ended = child.wait(stop_.token(), deadline);
            if (ended) {
                break;
            }
            if (ended.error() == status::stopped) {
                result = end(child);
                break;
            }
            if (const duration silent = through.silent_for(); silent >= settings_.timeout) {
                if (settings_.on_silence) {
                    settings_.on_silence(child, silent);
                }
                child.terminate(settings_.grace);
                result = {ward_end::silent, "no output"};
                break;
            }
        }
        through.finish(stop_.stop_requested() ? settings_.grace : duration::max());
        return result;
    }

    // Passes the signal on that stopped us, and waits; who does not heed it in time is killed with all its family.
    ward_result end(process& child) {
        child.signal(stop_.token().cause() == "SIGINT" ? SIGINT : SIGTERM);
        if (!child.wait({}, after(settings_.grace))) {
            child.kill();
        }
        return {ward_end::stopped, "told to stop"};
    }

    void close_output() {
        done_.output_closed = true;
        stop_.request_stop("output closed");
    }

    const supervisor_settings& settings_;
    stop_source stop_;
    supervision done_;
};

}  // namespace

supervision supervise(const supervisor_settings& settings, const stop_token& stop) {
    return supervisor{settings, stop}.run();
}

}  // namespace fiberlab
