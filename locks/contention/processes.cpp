#include "locks/contention/processes.hpp"

#include <stdio.h>  // dprintf
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "patterns/core/byte_stream.hpp"
#include "patterns/core/process.hpp"
#include "patterns/core/runtime/runtime.hpp"
#include "patterns/core/task_group.hpp"

namespace fiberlab::locks {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view role = "__contender";
constexpr char ready = 'R';
constexpr char go = 'G';
constexpr char end = 'E';
constexpr int unreachable = 3;

// What a contender process writes once it is done, followed by its attempts.
struct summary {
    std::uint64_t attempts = 0;
    std::int64_t began_ns = 0;
    std::int64_t ended_ns = 0;
    std::uint64_t cut_short = 0;
};

std::string_view bytes_of(const auto& object) {
    return {reinterpret_cast<const char*>(&object), sizeof object};
}

std::expected<void, std::string> read_all(byte_reader& from, std::span<char> into) {
    while (!into.empty()) {
        const auto count = from.read(into);
        if (!count) {
            return std::unexpected{count.error().message()};
        }
        if (*count == 0) {
            return std::unexpected{std::string{"it ended"}};
        }
        into = into.subspan(*count);
    }
    return {};
}

// ------------------------------------------------------------------------------------------------ in the new process

void serve_contender(const std::vector<std::string>& arguments, int& exit_code) {
    const auto number = [&](std::size_t at) { return static_cast<std::int64_t>(std::stoll(arguments.at(at))); };
    const contention plan{.workers = number(3),
                          .keys = number(4),
                          .hold = duration{number(5)},
                          .ttl = duration{number(6)},
                          .run_for = duration{number(7)},
                          .items = number(8),
                          .process = static_cast<std::uint32_t>(number(9))};
    auto locks = open_locks(static_cast<backend_kind>(number(1)), arguments.at(2));
    byte_writer to_parent{STDOUT_FILENO};
    if (!locks) {
        const std::string& why = locks.error().detail;
        [[maybe_unused]] const auto told = to_parent.write(std::string{"X"} + why);
        exit_code = unreachable;
        return;
    }
    byte_reader from_parent{STDIN_FILENO};
    char word = 0;
    if (!to_parent.write({&ready, 1}) || !read_all(from_parent, {&word, 1}) || word != go) {
        return;
    }
    // A second word, or the end of the pipe, means: stop and report.
    const stop_source over{run_stop(), "the parent"};
    task_group listener;
    listener.go("listener", [&](const stop_token& done) {
        [[maybe_unused]] const auto said = from_parent.read({&word, 1}, done);
        over.request_stop("the parent");
    });
    const contention_result result = contend(**locks, plan, over.token());
    listener.stop().request_stop();
    [[maybe_unused]] const outcome listened = listener.wait();
    const summary head{.attempts = result.attempts.size(),
                       .began_ns = result.began_ns,
                       .ended_ns = result.ended_ns,
                       .cut_short = result.cut_short ? 1U : 0U};
    const std::string_view attempts{reinterpret_cast<const char*>(result.attempts.data()),
                                    result.attempts.size() * sizeof(attempt)};
    if (!to_parent.write(bytes_of(head)) || !to_parent.write(attempts)) {
        exit_code = 1;
    }
}

// ------------------------------------------------------------------------------------------------- in this process

class crew {
public:
    crew(backend_kind kind, const std::string& url, const contention& plan, std::uint64_t seed)
        : kind_{kind}, url_{url}, plan_{plan}, seed_{seed} {}

    std::expected<void, std::string> hire(std::uint32_t number) {
        std::vector<std::string> arguments{"/proc/self/exe", std::string{role}};
        const auto add = [&](std::int64_t value) { arguments.push_back(std::to_string(value)); };
        add(static_cast<std::int64_t>(kind_));
        arguments.push_back(url_);
        add(plan_.workers);
        add(plan_.keys);
        add(plan_.hold.count());
        add(plan_.ttl.count());
        add(plan_.run_for.count());
        add(plan_.items);
        add(number);
        add(static_cast<std::int64_t>(seed_ + number));
        auto started =
            process::start({.arguments = std::move(arguments), .input = stream::piped, .output = stream::piped});
        if (!started) {
            return std::unexpected{started.error().message};
        }
        members_.emplace_back(std::move(*started));
        return {};
    }

    // Waits until every member is ready. An error: what the first one that isn't had to say.
    std::expected<void, std::string> gather() {
        for (member& one : members_) {
            char word = 0;
            if (const auto said = read_all(one.from, {&word, 1}); !said) {
                return std::unexpected{said.error()};
            }
            if (word != ready) {
                return std::unexpected{rest_of(one.from)};
            }
        }
        return {};
    }

    void tell_all(char word) {
        for (member& one : members_) {
            [[maybe_unused]] const auto told = one.to.write({&word, 1});
        }
    }

    process_result collect(const stop_token& stop) {
        process_result result;
        const stop_callback pass_on{stop, [this] { stopping_.request_stop("the run stops"); }};
        task_group group;
        task_group teller;
        teller.go("stopper", [this](const stop_token& done) {
            const stop_callback finished{done, [this] { stopping_.request_stop("done"); }};
            stopping_.token().wait();
            if (!done.stop_requested()) {
                tell_all(end);
            }
        });
        for (std::size_t i = 0; i < members_.size(); ++i) {
            group.go({"collector", static_cast<std::int32_t>(i + 1)},
                     [this, i, &result] { result.processes_lost += take_history(members_[i], result.all) ? 0 : 1; });
        }
        [[maybe_unused]] const outcome collected = group.wait();
        teller.stop().request_stop();
        [[maybe_unused]] const outcome told = teller.wait();
        return result;
    }

private:
    struct member {
        explicit member(process&& started) : child{std::move(started)}, to{child.input()}, from{child.output()} {}
        process child;
        byte_writer to;
        byte_reader from;
    };

    static std::string rest_of(byte_reader& from) {
        std::string text;
        std::array<char, 512> part{};
        for (auto count = from.read(part); count && *count > 0; count = from.read(part)) {
            text.append(part.data(), *count);
        }
        return text;
    }

    static bool take_history(member& one, contention_result& all) {
        summary head;
        if (!read_all(one.from, {reinterpret_cast<char*>(&head), sizeof head})) {
            return false;
        }
        std::vector<attempt> attempts(head.attempts);
        if (!read_all(one.from, {reinterpret_cast<char*>(attempts.data()), attempts.size() * sizeof(attempt)})) {
            return false;
        }
        all.began_ns = all.began_ns == 0 ? head.began_ns : std::min(all.began_ns, head.began_ns);
        all.ended_ns = std::max(all.ended_ns, head.ended_ns);
        all.cut_short = all.cut_short || head.cut_short != 0;
        all.attempts.insert(all.attempts.end(), attempts.begin(), attempts.end());
        return true;
    }

    backend_kind kind_;
    const std::string& url_;
    const contention& plan_;
    std::uint64_t seed_;
    std::vector<member> members_;
    stop_source stopping_{"stopping"};
};

}  // namespace

std::expected<process_result, std::string> contend_in_processes(backend_kind kind, const std::string& url,
                                                                const contention& plan, std::int64_t processes,
                                                                std::uint64_t seed, const stop_token& stop) {
    crew all{kind, url, plan, seed};
    for (std::int64_t i = 1; i <= processes; ++i) {
        if (const auto hired = all.hire(static_cast<std::uint32_t>(i)); !hired) {
            return std::unexpected{"process " + std::to_string(i) + " did not start: " + hired.error()};
        }
    }
    if (const auto gathered = all.gather(); !gathered) {
        return std::unexpected{"a contender process could not take part: " + gathered.error()};
    }
    all.tell_all(go);
    return all.collect(stop);
}

std::optional<int> run_contender(int argc, char** argv) {
    constexpr int words = 12;
    if (argc != words || role != argv[1]) {
        return std::nullopt;
    }
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    int exit_code = 0;
    const run_outcome done = run({.mode = run_mode::real,
                                  .seed = static_cast<std::uint64_t>(std::stoull(arguments.back())),
                                  .interruptible = false},
                                 [&] { serve_contender(arguments, exit_code); });
    if (done.how != run_outcome::kind::completed) {
        dprintf(STDERR_FILENO, "fiberlab: a contender process failed: %s\n", done.message.c_str());
        return 1;
    }
    return exit_code;
}

}  // namespace fiberlab::locks
