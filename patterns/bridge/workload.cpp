#include "patterns/bridge/workload.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "patterns/bridge/bridge.hpp"
#include "patterns/bridge/bridge_as_written.hpp"
#include "patterns/bridge/order.hpp"
#include "patterns/core/channel.hpp"
#include "patterns/core/fiber.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/task_group.hpp"

namespace fiberlab::demos {

namespace {

using namespace std::chrono_literals;

struct settings {
    std::uint64_t items = 0;
    std::uint64_t streams = 0;
    std::size_t capacity = 0;  // of a stream
    std::size_t ahead = 0;     // of the channel of streams
    std::uint64_t stop_after = 0;
    duration slow{};
    duration quick{};
    bool as_written = false;
};

settings settings_of(const demo::stage& on) {
    const demo::parameters& options = on.options;
    settings made{.items = static_cast<std::uint64_t>(options.count("items")),
                  .streams = static_cast<std::uint64_t>(options.count("streams")),
                  .capacity = static_cast<std::size_t>(options.count("capacity")),
                  .ahead = static_cast<std::size_t>(options.count("ahead")),
                  .stop_after = static_cast<std::uint64_t>(options.count("stop-after")),
                  .slow = options.duration("slow"),
                  .quick = 400us,
                  .as_written = options.text("variant") == "as-written"};
    if (on.exploring) {
        // Which stream is ready first is then the explorer's choice. The root feeds and consumes, hence room for both.
        made.items = std::min<std::uint64_t>(made.items, 4);
        made.streams = std::min<std::uint64_t>(made.streams, 2);
        made.stop_after = std::min<std::uint64_t>(made.stop_after, 2);
        made.capacity = 0;
        made.ahead = 2;
        made.slow = made.quick = 0ns;
    }
    return made;
}

struct numbered {
    std::uint64_t stream = 0;
    std::uint64_t number = 0;
    time_point ready{};
};

class play {
public:
    explicit play(const demo::stage& on) : on_{on}, with_{settings_of(on)}, stop_{on.stop, "stop"} {}

    demo::report run() {
        group_.go("bridge", [this] { pass_on(); });
        if (on_.exploring) {
            feed();
            consume();
        } else {
            group_.go("source", [this] { feed(); });
            spawn("consumer", [this] { consume(); }).join();
        }
        // The producers watch no token: each ends at its next push at the latest, or not at all.
        [[maybe_unused]] const status ended = sleep_for(with_.slow * 5 / 4 + 1s, all_ended_.token());
        left_behind_ = whoever_is_left();
        release_them();
        [[maybe_unused]] const outcome all = group_.wait();
        return report();
    }

private:
    std::uint64_t values_of(std::uint64_t stream) const noexcept {
        return with_.items / with_.streams + (stream <= with_.items % with_.streams ? 1 : 0);
    }

    void feed() {
        for (std::uint64_t n = 1; n <= with_.streams; ++n) {
            const name called{"stream", static_cast<std::int32_t>(n)};
            stream<numbered> next = new_stream<numbered>(called, with_.capacity);
            if (streams_.push(next) != status::ok) {
                on_.tell("ends", {}, {}, "its push says closed, nobody takes more streams");
                break;
            }
            on_.tell("opens", called);
            open_.emplace(n, next);
            group_.go(called, [this, n, next = std::move(next)] { produce(n, *next); });
        }
        streams_.close();
        feeding_ = false;
        somebody_ended();
    }

    void produce(std::uint64_t mine, channel<numbered>& to) {
        const duration work = mine == 1 ? with_.slow : with_.quick;
        const std::uint64_t all = values_of(mine);
        bool has_told = false;
        for (std::uint64_t number = 1; number <= all; ++number) {
            if (work > 0ns) {
                sleep_for(draw(work * 3 / 4, work * 5 / 4));
            }
            watch_.ready(mine, 1);
            if (to.size() == to.capacity() && watch_.head() < mine && !std::exchange(has_told, true)) {
                on_.tell("waits", {}, {},
                         "value " + std::to_string(number) + " is ready, but stream " + std::to_string(watch_.head()) +
                             " is the head");
            }
            if (to.push({.stream = mine, .number = number, .ready = clock::now()}) != status::ok) {
                on_.tell("ends", {}, {}, "its push says closed, nobody will read it");
                break;
            }
        }
        watch_.ended(mine, clock::now());
        to.close();
        open_.erase(mine);
        somebody_ended();
    }

    void somebody_ended() {
        if (!feeding_ && open_.empty()) {
            all_ended_.request_stop("all have ended");
        }
    }

    void pass_on() {
        if (with_.as_written) {
            bridge_as_written(streams_, out_, stop_.token());
        } else {
            fiberlab::bridge(streams_, out_, stop_.token());
        }
        on_.tell("ends", {}, {}, stop_.stop_requested() ? "because of the stop" : "because all streams are drained");
    }

    void consume() {
        for (const numbered& value : out_) {
            const time_point now = clock::now();
            const auto [waited, behind] = watch_.passed(value.stream, value.number, value.ready, 1, now);
            waits_.record(waited);
            std::vector<field> fields;
            if (behind > 0ns) {
                behind_.record(behind);
                fields.push_back({.key = "behind_head_ns", .value = behind.count()});
            }
            on_.tell("takes", {"stream", static_cast<std::int32_t>(value.stream)}, std::move(fields),
                     "value " + std::to_string(value.number) + " of " + std::to_string(values_of(value.stream)));
            if (watch_.out() == with_.stop_after) {
                on_.tell("stops", {}, {}, "has seen enough, the stop token fires");
                stop_.request_stop("the consumer has seen enough");
            }
        }
    }

    std::string whoever_is_left() const {
        std::string names = feeding_ ? "the source" : "";
        for (const auto& [number, left] : open_) {
            names += (names.empty() ? "" : ", ") + left->label().str();
        }
        return names;
    }

    void release_them() {
        left_count_ = open_.size() + (feeding_ ? 1 : 0);
        if (left_count_ == 0) {
            return;
        }
        on_.tell("finds", {}, {}, "still parked a second later: " + left_behind_);
        streams_.close();
        for (const auto& [number, left] : open_) {
            left->close();
        }
    }

    demo::report report() {
        demo::report done;
        done.count("items_made", static_cast<std::int64_t>(watch_.made()));
        done.count("items_out", static_cast<std::int64_t>(watch_.out()));
        done.count("streams_begun", static_cast<std::int64_t>(watch_.out() == 0 ? 0 : watch_.head()));
        done.count("most_items_waiting", static_cast<std::int64_t>(watch_.most_waiting()));
        done.count("producers_left_behind", static_cast<std::int64_t>(left_count_));
        done.timing("ready_until_out", waits_);
        done.timing("ready_behind_the_head", behind_);

        done.check("strict order: a stream is drained before the next one begins", watch_.violations() == 0,
                   watch_.out(), watch_.first_violation());
        if (!stop_.stop_requested()) {
            done.check("everything that goes in comes out", watch_.out() == with_.items, with_.items,
                       std::to_string(with_.items) + " in, " + std::to_string(watch_.out()) + " out");
        }
        done.check("no producer is left parked on a stream that nobody reads", left_count_ == 0, with_.streams + 1,
                   left_behind_);
        if (left_count_ != 0) {
            done.notes.emplace_back(
                "The popular bridge stops and tells nobody, so whoever watches no token stays parked for ever; here "
                "the demo frees them at the end. '--variant fixed' closes what it will not read.");
        }
        return done;
    }

    const demo::stage& on_;
    settings with_;
    stop_source stop_;
    stop_source all_ended_{"all ended"};
    channel<stream<numbered>> streams_{"streams", with_.ahead};
    channel<numbered> out_{"out"};
    demo::order watch_;
    demo::latency waits_;
    demo::latency behind_;
    std::map<std::uint64_t, stream<numbered>> open_;  // whose producers still run
    bool feeding_ = true;
    std::string left_behind_;
    std::size_t left_count_ = 0;
    task_group group_{"bridge"};  // last, so that it ends first
};

}  // namespace

demo::report bridge_numbers(const demo::stage& on) {
    return play{on}.run();
}

}  // namespace fiberlab::demos
