#include "patterns/tee/workload.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "patterns/core/channel.hpp"
#include "patterns/core/runtime/seam.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/task_group.hpp"
#include "patterns/tee/lockstep.hpp"
#include "patterns/tee/tee.hpp"
#include "patterns/tee/tee_as_written.hpp"

namespace fiberlab::demos {

namespace {

using namespace std::chrono_literals;
using demo::side;

struct settings {
    std::uint64_t items = 0;
    std::size_t capacity = 0;
    std::uint64_t stop_after = 0;   // values that left takes; 0: never
    std::uint64_t leave_after = 0;  // values that left takes; 0: never
    duration quick{};
    duration slow{};
    bool as_written = false;
};

settings settings_of(const demo::stage& on) {
    const demo::parameters& options = on.options;
    settings made{.items = static_cast<std::uint64_t>(options.count("items")),
                  .capacity = static_cast<std::size_t>(options.count("capacity")),
                  .stop_after = static_cast<std::uint64_t>(options.count("stop-after")),
                  .leave_after = static_cast<std::uint64_t>(options.count("leave-after")),
                  .quick = 400us,
                  .slow = options.duration("slow"),
                  .as_written = options.text("variant") == "as-written"};
    if (on.exploring) {
        // Who is the slower side is then the explorer's choice, at every step.
        made.items = std::min<std::uint64_t>(made.items, 3);
        made.stop_after = std::min<std::uint64_t>(made.stop_after, 2);
        made.quick = made.slow = 0ns;
    }
    return made;
}

struct consumer {
    side which;
    channel<std::uint64_t>& from;
    duration work;  // on a value, give or take a quarter
    std::uint64_t works_on = 0;
    duration worked{};
    duration waited{};
    demo::latency waits{};
};

class play {
public:
    explicit play(const demo::stage& on) : on_{on}, with_{settings_of(on)}, stop_{on.stop, "stop"} {}

    demo::report run() {
        task_group group{"tee"};
        group.go("producer", [this] { produce(); });
        group.go("left", [this] { consume(left_, right_); });
        group.go("right", [this] { consume(right_, left_); });
        if (on_.exploring) {
            pass_on();
        } else {
            group.go("tee", [this] { pass_on(); });
        }
        [[maybe_unused]] const outcome all = group.wait();
        watch_.settle();
        on_.tell("compares", {}, {}, watch_.missed() == 0 ? comparison() : watch_.first_missed());
        return report();
    }

private:
    void produce() {
        while (produced_ < with_.items && in_.push(produced_ + 1, stop_.token()) == status::ok) {
            ++produced_;
        }
        in_.close();
    }

    void pass_on() {
        if (with_.as_written) {
            tee_as_written(in_, to_left_, to_right_, stop_.token());
        } else {
            fiberlab::tee(in_, to_left_, to_right_, stop_.token());
        }
        on_.tell("ends", {}, {}, stop_.stop_requested() ? "because of the stop" : "because its input has ended");
    }

    void consume(consumer& me, const consumer& other) {
        for (;;) {
            const time_point asked = clock::now();
            const auto value = me.from.pop();
            if (!value) {
                return;
            }
            const time_point now = clock::now();
            const auto apart = watch_.took(me.which, *value, now);
            me.waited += now - asked;
            me.waits.record(now - asked);
            tell(*value, other, apart, now - asked);

            if (me.which == side::left && watch_.taken(side::left) == with_.stop_after) {
                on_.tell("stops", {}, {}, "has seen enough, the stop token fires");
                stop_.request_stop("left has seen enough");
            }
            if (me.which == side::left && watch_.taken(side::left) == with_.leave_after) {
                on_.tell("leaves", {}, {}, "closes its channel, the other side goes on alone");
                watch_.leave(me.which);
                me.from.close();
                return;
            }
            if (me.work > 0ns) {
                me.works_on = *value;
                sleep_for(draw(me.work * 3 / 4, me.work * 5 / 4));
                me.works_on = 0;
            }
            me.worked += clock::now() - now;
        }
    }

    // "takes value 3: right still works on 2 (waited 3.5 ms)"
    void tell(std::uint64_t value, const consumer& other, std::optional<duration> apart, duration waited) {
        std::string note;
        if (apart.has_value()) {
            apart_.record(*apart);
            note = stop_.stop_requested() ? "both have it, the stop waited for that" : "both have it";
        } else if (other.works_on != 0) {
            note = std::string{to_string(other.which)} + " still works on " + std::to_string(other.works_on);
        }
        std::vector<field> fields;
        if (waited > 0ns) {
            fields.push_back({.key = "waited_ns", .value = waited.count()});
        }
        on_.tell("takes", {"value", static_cast<std::int32_t>(value)}, std::move(fields), std::move(note));
    }

    std::string comparison() const {
        return left_left() ? "left has left, right has all " + std::to_string(watch_.taken(side::right)) + " values"
                           : "left and right have the same " + std::to_string(watch_.both()) + " values";
    }

    demo::report report() {
        demo::report done;
        const auto taken = [&](side by) { return static_cast<std::int64_t>(watch_.taken(by)); };
        done.count("items_in", static_cast<std::int64_t>(produced_));
        done.count("items_left", taken(side::left));
        done.count("items_right", taken(side::right));
        done.count("items_both", static_cast<std::int64_t>(watch_.both()));
        done.count("left_worked_ns", left_.worked.count());
        done.count("left_waited_ns", left_.waited.count());
        done.count("right_worked_ns", right_.worked.count());
        done.count("right_waited_ns", right_.waited.count());
        done.timing("between_the_sides", apart_);
        done.timing("left_waits_for_a_value", left_.waits);
        done.timing("right_waits_for_a_value", right_.waits);

        const std::uint64_t all = watch_.taken(side::left) + watch_.taken(side::right);
        done.check("each side gets the values in order, each once", watch_.out_of_order() == 0, all,
                   watch_.out_of_order() == 0 ? "" : std::to_string(watch_.out_of_order()) + " out of order");
        done.check("no side has a value that the other misses", watch_.missed() == 0, all, watch_.first_missed());
        const std::size_t allowed = with_.capacity + 2;
        done.check("lockstep: neither side runs far ahead of the other", watch_.furthest_ahead() <= allowed, all,
                   "at most " + std::to_string(watch_.furthest_ahead()) + " ahead; its channel and two hands hold " +
                       std::to_string(allowed));
        if (!stop_.stop_requested()) {
            const std::uint64_t arrived = std::min(watch_.taken(side::right), left_left() ? produced_ : watch_.both());
            done.check("what goes in comes out on each side that stays", arrived == produced_, produced_,
                       std::to_string(produced_) + " in, " + std::to_string(arrived) + " out");
        }
        if (watch_.missed() != 0) {
            done.notes.emplace_back(
                "The stop fell between the two sends of one value: the popular tee lets the stop end the second one. "
                "'--variant fixed' asks for the stop only while nobody has the value.");
        }
        return done;
    }

    bool left_left() const noexcept { return with_.leave_after != 0 && watch_.taken(side::left) >= with_.leave_after; }

    const demo::stage& on_;
    settings with_;
    stop_source stop_;
    channel<std::uint64_t> in_{"numbers", with_.capacity};
    channel<std::uint64_t> to_left_{"to left", with_.capacity};
    channel<std::uint64_t> to_right_{"to right", with_.capacity};
    consumer left_{.which = side::left, .from = to_left_, .work = with_.quick};
    consumer right_{.which = side::right, .from = to_right_, .work = with_.slow};
    demo::lockstep watch_;
    demo::latency apart_;
    std::uint64_t produced_ = 0;
};

}  // namespace

demo::report tee_numbers(const demo::stage& on) {
    return play{on}.run();
}

}  // namespace fiberlab::demos
