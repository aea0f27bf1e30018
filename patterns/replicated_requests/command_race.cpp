#include "patterns/replicated_requests/command_race.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace fiberlab {

namespace {

bool exists(pid_t process_or_group) {
    return ::kill(process_or_group, 0) == 0 || errno != ESRCH;
}

std::string in_words(const exit_status& ended) {
    if (ended.signal == 0) {
        return "exit code " + std::to_string(ended.code);
    }
    const char* const known = sigabbrev_np(ended.signal);
    return "killed by " + (known != nullptr ? std::string{"SIG"} + known : "signal " + std::to_string(ended.signal));
}

outcome collect(int from, output_spool& into, std::size_t most) {
    constexpr std::size_t block = 64U * 1024;
    std::vector<char> bytes(block);
    byte_reader reader{from};
    for (;;) {
        const auto count = reader.read(bytes);
        if (!count || *count == 0) {
            return {};
        }
        if (into.size() + *count > most) {
            return failure("more than " + std::to_string(most) + " bytes of output");
        }
        if (const auto kept = into.append({bytes.data(), *count}); !kept) {
            return failure("keeping its output: " + kept.error().message());
        }
    }
}

class race {
public:
    race(const race_settings& settings, stop_token stop) : settings_{settings}, stop_{std::move(stop)} {
        for (std::size_t i = 0; i < settings.replicas; ++i) {
            done_.copies.push_back(std::make_unique<copy_run>());
        }
    }

    race_result run() {
        done_.outcome = replicate<copy_run*>(
            {.replicas = settings_.replicas}, stop_,
            [this](std::size_t replica, const stop_token& cancelled) { return run_copy(replica, cancelled); },
            [this](std::size_t /*replica*/, copy_run*& winner) { pass_on(*winner); });
        done_.none_started = started_ == 0;
        if (!done_.outcome.value && last_failure_ != nullptr) {
            done_.exit_code = last_failure_->exit_code;
            if (!stop_.stop_requested() && started_ > 0) {
                [[maybe_unused]] const auto shown = last_failure_->errors.write_to(STDERR_FILENO, stop_);
            }
        }
        return std::move(done_);
    }

private:
    // One copy, until it and all that it started have ended.
    answer<copy_run*> run_copy(std::size_t replica, const stop_token& cancelled) {
        copy_run& self = *done_.copies[replica];
        auto copy = process::start({.arguments = settings_.command,
                                    .environment = {{"FIBERLAB_REPLICA", std::to_string(replica)}},
                                    .output = stream::piped,
                                    .errors = stream::piped});
        if (!copy) {
            self.exit_code = copy.error().exit_code;
            last_failure_ = &self;
            return failure(copy.error().message);
        }
        ++started_;
        self.id = copy->id();
        if (settings_.on_start) {
            settings_.on_start(replica, *copy);
        }
        const outcome kept = await(*copy, self, cancelled);
        const exit_status status = copy->wait().value();
        self.exit_code = status.shell_code();
        self.gone = !exists(self.id) && !exists(-self.id);
        if (kept && self.exit_code == 0) {
            return &self;
        }
        if (cancelled.stop_requested()) {
            return failure("cancelled");
        }
        last_failure_ = &self;
        if (!kept) {
            self.exit_code = 125;
            return failure(kept.error().message);
        }
        return failure(in_words(status));
    }

    // Keeps what it prints until it ends; ends it when it is cancelled, or when its output can't be kept.
    outcome await(process& copy, copy_run& self, const stop_token& cancelled) const {
        task_group keeping{cancelled, "output"};
        keeping.go("stdout", [&] { return collect(copy.output(), self.output, settings_.most_output); });
        keeping.go("stderr", [&] { return collect(copy.errors(), self.errors, settings_.most_output); });
        if (!copy.wait(keeping.token())) {
            copy.terminate(settings_.grace);
        }
        return keeping.wait();
    }

    void pass_on(const copy_run& winner) {
        for (const auto& [kept, to] :
             {std::pair{&winner.output, STDOUT_FILENO}, std::pair{&winner.errors, STDERR_FILENO}}) {
            const auto written = kept->write_to(to, stop_);
            if (written || to == STDERR_FILENO) {
                continue;
            }
            if (written.error().how == status::closed) {
                done_.output_closed = true;
            } else {
                done_.write_error = written.error().message();
            }
        }
    }

    const race_settings& settings_;
    stop_token stop_;
    race_result done_;
    std::size_t started_ = 0;
    copy_run* last_failure_ = nullptr;
};

}  // namespace

race_result race_commands(const race_settings& settings, const stop_token& stop) {
    return race{settings, stop}.run();
}

}  // namespace fiberlab
