#include "apps/fiberlab/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "apps/fiberlab/render/text.hpp"
#include "apps/fiberlab/render/units.hpp"
#include "apps/fiberlab/terminal.hpp"

namespace fiberlab::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto before_first = 500ms;  // what is over sooner needs no line
constexpr auto between = 100ms;

std::string bar(double share, std::size_t width) {
    const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(width));
    std::string text;
    for (std::size_t i = 0; i < width; ++i) {
        text += i < full ? "━" : "─";
    }
    return text;
}

// To the tenth of a second: the last digits would only flicker.
std::string rough(duration d) {
    return render::human(duration{std::max<std::int64_t>(d.count(), 0) / 100'000'000 * 100'000'000});
}

}  // namespace

std::string progress_line(const std::string& command, duration elapsed, std::optional<duration> planned,
                          const demo::progress_meter& meter, std::size_t width) {
    const auto done = meter.done.load(std::memory_order_relaxed);
    const auto total = meter.total.load(std::memory_order_relaxed);
    const bool bytes = meter.unit.load(std::memory_order_relaxed) == demo::progress_unit::bytes;
    const auto amount = [&](std::uint64_t n) {
        const auto value = static_cast<std::int64_t>(n);
        return bytes ? render::human_bytes(value) : render::grouped(value);
    };
    std::string far;
    std::optional<double> share;
    std::optional<duration> left;
    if (total != 0) {
        far = fmt::format("{} of {}{}", amount(done), amount(total), bytes ? "" : " items");
        share = static_cast<double>(done) / static_cast<double>(total);
        if (done != 0 && done <= total) {
            left = duration{static_cast<std::int64_t>(static_cast<double>(elapsed.count()) * (1 - *share) / *share)};
        }
    } else if (planned) {
        far = fmt::format("{} of {}", rough(elapsed), render::human(*planned));
        share = static_cast<double>(elapsed.count()) / static_cast<double>(planned->count());
        left = *planned - elapsed;
    } else {
        far = rough(elapsed) + (done != 0 ? fmt::format(", {}{}", amount(done), bytes ? "" : " items") : "");
    }
    std::string line = command + "  " + far;
    const std::string end = left ? "  " + rough(*left) + " to go" : "";
    const std::size_t taken = render::columns(line) + render::columns(end) + 2;
    if (share && taken + 10 <= width) {
        line += "  " + bar(*share, std::min<std::size_t>(width - taken - 1, 30));
    }
    return line + end;
}

progress::progress(std::string command, std::optional<duration> planned, const demo::progress_meter& meter,
                   screen& shared)
    : command_{std::move(command)}, planned_{planned}, meter_{meter}, screen_{shared} {
    // Signals are for the thread that runs the fibers.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread{[this] { show(); }};
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

progress::~progress() {
    {
        const std::lock_guard lock{access_};
        is_over_ = true;
    }
    over_.notify_one();
    thread_.join();
    const std::lock_guard lock{screen_.access};
    if (std::exchange(screen_.has_progress, false)) {
        (void)!::write(STDERR_FILENO, "\r\033[K", 4);
    }
}

void progress::show() {
    std::unique_lock lock{access_};
    auto wait = before_first;
    while (!over_.wait_for(lock, wait, [this] { return is_over_; })) {
        wait = between;
        const duration elapsed = std::chrono::steady_clock::now() - began_;
        const std::string line =
            "\r\033[K" + progress_line(command_, elapsed, planned_, meter_, width_of(STDERR_FILENO));
        const std::lock_guard on_screen{screen_.access};
        (void)!::write(STDERR_FILENO, line.data(), line.size());
        screen_.has_progress = true;
    }
}

}  // namespace fiberlab::cli
