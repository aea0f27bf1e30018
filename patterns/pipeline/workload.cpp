#include "patterns/pipeline/workload.hpp"

#include <array>
#include <string>
#include <vector>

#include "patterns/core/boost_channel.hpp"
#include "patterns/pipeline/pipeline.hpp"
#include "patterns/pipeline/pipeline_as_written.hpp"

namespace fiberlab::pipeline {

namespace {

using namespace std::chrono_literals;

struct order {
    std::int64_t number = 0;
};

struct plan {
    std::int64_t items;
    std::size_t capacity;
    std::int64_t take;     // the consumer leaves after so many; 0: never
    std::int64_t fail_at;  // "price" fails at this order; 0: never
    std::int64_t stop_after;
    duration run_for;  // zero: no limit
    bool drop;

    explicit plan(const demo::stage& on)
        : items{on.exploring ? 3 : on.options.count("items")},
          capacity{static_cast<std::size_t>(on.exploring ? 1 : on.options.count("capacity"))},
          take{on.options.count("take")},
          fail_at{on.options.count("fail-at")},
          stop_after{on.options.count("stop-after")},
          run_for{on.options.given("duration") ? on.options.duration("duration") : duration::zero()},
          drop{on.options.text("on-stop") == "drop"} {}
};

// The work of a stage, modelled: a little jitter around what the stage takes.
void work_for(duration typical) {
    sleep_for(draw(typical - typical / 4, typical + typical / 4));
}

constexpr duration read_takes = 1ms;
constexpr duration price_takes = 4ms;
constexpr duration pack_takes = 2ms;

std::string text(std::int64_t number) {
    return std::to_string(number);
}

// What the sink saw, and the meters of all four.
struct observed {
    std::array<meter, 4> meters{};
    std::vector<std::int64_t> arrived;
    demo::latency under_way;

    meter& read() { return meters[0]; }
    meter& price() { return meters[1]; }
    meter& pack() { return meters[2]; }
    meter& ship() { return meters[3]; }
};

constexpr std::array<std::string_view, 4> stage_names{"read", "price", "pack", "ship"};

std::int64_t permille(duration part, duration whole) {
    return whole <= duration::zero() ? 0 : part.count() * 1000 / whole.count();
}

bool in_order(const std::vector<std::int64_t>& arrived) {
    for (std::size_t i = 0; i < arrived.size(); ++i) {
        if (arrived[i] != static_cast<std::int64_t>(i) + 1) {
            return false;
        }
    }
    return true;
}

void report_stages(demo::report& into, observed& seen, duration elapsed) {
    into.count("items_in", static_cast<std::int64_t>(seen.read().out + seen.read().lost));
    into.count("items_out", static_cast<std::int64_t>(seen.ship().out));
    for (std::size_t i = 0; i < seen.meters.size(); ++i) {
        const meter& m = seen.meters.at(i);
        const std::string name{stage_names.at(i)};
        into.count(name + "_busy_permille", permille(m.busy, elapsed));
        into.count(name + "_starved_permille", permille(m.starved, elapsed));
        into.count(name + "_blocked_permille", permille(m.blocked, elapsed));
    }
    into.timing("under_way", seen.under_way);
    into.check("orders arrive in the order in which they were read, without a gap", in_order(seen.arrived),
               seen.arrived.size(), text(static_cast<std::int64_t>(seen.arrived.size())) + " arrived");
}

// Where the time goes: a stage that is busy all the time sets the pace, and those before it wait for room.
void note_bottleneck(demo::report& into, observed& seen, duration elapsed) {
    std::size_t busiest = 0;
    for (std::size_t i = 0; i < seen.meters.size(); ++i) {
        if (seen.meters.at(i).busy > seen.meters.at(busiest).busy) {
            busiest = i;
        }
    }
    const auto percent = [&](duration part) { return text(permille(part, elapsed) / 10) + " %"; };
    std::string note = "\"" + std::string{stage_names.at(busiest)} + "\" sets the pace: busy " +
                       percent(seen.meters.at(busiest).busy) + " of the time.";
    if (busiest > 0) {
        note += " Back pressure: \"" + std::string{stage_names.at(busiest - 1)} + "\" waited for room " +
                percent(seen.meters.at(busiest - 1).blocked) + ".";
    }
    if (busiest + 1 < seen.meters.size()) {
        note += " \"" + std::string{stage_names.at(busiest + 1)} + "\" waited for work " +
                percent(seen.meters.at(busiest + 1).starved) + ".";
    }
    into.notes.push_back(std::move(note));
}

// The four stages over any kind of link: `Link<T>` is our link or Boost's channel.
template <class Link>
struct desk {
    Link unpriced;
    Link unpacked;
    Link packed;
};

std::vector<time_point> read_at(const plan& p) {
    return std::vector<time_point>(static_cast<std::size_t>(p.items) + 1);
}

template <class Link>
outcome run_desk(const demo::stage& on, const plan& p, desk<Link>& links, observed& seen,
                 const stop_source& source_stop) {
    std::vector<time_point> since = read_at(p);
    std::int64_t next = 0;
    const auto read_next = [&]() -> std::optional<order> {
        if (next == p.items) {
            return std::nullopt;
        }
        work_for(read_takes);
        ++next;
        since[static_cast<std::size_t>(next)] = clock::now();
        return order{next};
    };
    const auto price = [&](order&& one) -> std::expected<order, error> {
        work_for(price_takes);
        if (one.number == p.fail_at) {
            on.tell("fail", {"order", static_cast<std::int32_t>(one.number)}, {},
                    "price can't read this order and gives up");
            return failure("price: order " + text(one.number) + " can't be read");
        }
        return one;
    };
    const auto pack = [&](order&& one) -> std::expected<order, error> {
        work_for(pack_takes);
        return one;
    };
    const auto ship = [&](order&& one) -> std::expected<bool, error> {
        seen.arrived.push_back(one.number);
        const duration took = clock::now() - since[static_cast<std::size_t>(one.number)];
        seen.under_way.record(took);
        on.progress(seen.arrived.size(), static_cast<std::uint64_t>(p.items));
        on.tell("arrive", {"order", static_cast<std::int32_t>(one.number)}, {{"under_way_ns", took.count()}});
        const auto arrived = static_cast<std::int64_t>(seen.arrived.size());
        if (p.stop_after != 0 && arrived == p.stop_after) {
            on.tell("stop", {}, {},
                    p.drop ? "stop: what is under way is dropped" : "stop: what is under way still arrives");
            source_stop.request_stop("asked to");
        }
        if (p.take != 0 && arrived == p.take) {
            on.tell("leave", {}, {}, "ship has enough and leaves");
            return false;
        }
        return true;
    };

    task_group group{"stages"};
    group.go("read", [&] { run_source(links.unpriced, read_next, source_stop.token(), seen.read()); });
    if (on.exploring) {
        // One stage less: every fiber multiplies the schedules that there are.
        group.go("price", [&] { return run_stage(links.unpriced, links.packed, price, seen.price()); });
    } else {
        group.go("price", [&] { return run_stage(links.unpriced, links.unpacked, price, seen.price()); });
        group.go("pack", [&] { return run_stage(links.unpacked, links.packed, pack, seen.pack()); });
    }
    group.go("ship", [&] { return run_sink(links.packed, ship, seen.ship()); });
    return group.wait();
}

void report_links(demo::report& into, const std::array<const link<order>*, 3>& links) {
    bool truthful = true;
    std::string detail;
    for (const link<order>* one : links) {
        into.count(one->label().str() + "_fullest", static_cast<std::int64_t>(one->fullest()));
        truthful = truthful && one->fullest() <= one->capacity();
        detail += (detail.empty() ? "" : ", ") + one->label().str() + " " + std::to_string(one->fullest()) + " of " +
                  std::to_string(one->capacity());
    }
    into.check("no channel held more than its capacity", truthful, links.size(), detail);
}

}  // namespace

demo::report run_orders(const demo::stage& on) {
    const plan p{on};
    const time_point began = clock::now();
    stop_source source_stop{on.stop, "source"};
    if (p.run_for > duration::zero()) {
        source_stop.stop_after(p.run_for);
    }
    const stop_token drop = p.drop ? source_stop.token() : stop_token{};
    desk<link<order>> links{
        {"unpriced", p.capacity, drop}, {"unpacked", p.capacity, drop}, {"packed", p.capacity, drop}};
    observed seen;
    const outcome ended = run_desk(on, p, links, seen, source_stop);
    const duration elapsed = clock::now() - began;

    demo::report done;
    report_stages(done, seen, elapsed);
    const std::array<const link<order>*, 3> all{&links.unpriced, &links.unpacked, &links.packed};
    std::uint64_t lost = 0;
    for (const meter& m : seen.meters) {
        lost += m.lost;
    }
    for (const link<order>* one : all) {
        lost += one->size();
    }
    done.count("items_lost", static_cast<std::int64_t>(lost));
    report_links(done, all);
    const std::uint64_t made = seen.read().out + seen.read().lost;
    done.check("every order that was read has arrived or is accounted for as lost", made == seen.ship().out + lost,
               made,
               text(static_cast<std::int64_t>(made)) + " read, " + text(static_cast<std::int64_t>(seen.ship().out)) +
                   " arrived, " + text(static_cast<std::int64_t>(lost)) + " lost");
    if (ended && p.take == 0 && !p.drop) {
        done.check("nothing is lost when a pipeline drains", lost == 0, made,
                   text(static_cast<std::int64_t>(lost)) + " lost");
    }
    if (p.fail_at != 0 && p.fail_at <= p.items && !on.stop.stop_requested() && p.take == 0 && p.stop_after == 0) {
        done.check("the failing stage's error reaches the caller", !ended, 1,
                   ended ? "no error" : ended.error().message);
    }
    note_bottleneck(done, seen, elapsed);
    return done;
}

demo::report run_orders_on_boost(const demo::stage& on) {
    const plan p{on};
    if (p.take != 0 || p.fail_at != 0 || p.stop_after != 0 || p.run_for != duration::zero()) {
        throw demo::usage_error(
            "--channel boost: Boost's channels can't be stopped or left while a push waits, so --take, --fail-at, "
            "--stop-after "
            "and --duration need --channel own");
    }
    const time_point began = clock::now();
    const stop_source source_stop{on.stop, "source"};
    desk<boost_channel<order>> links{{"unpriced", p.capacity}, {"unpacked", p.capacity}, {"packed", p.capacity}};
    observed seen;
    const outcome ended = run_desk(on, p, links, seen, source_stop);
    demo::report done;
    report_stages(done, seen, clock::now() - began);
    done.count("real_capacity", static_cast<std::int64_t>(links.packed.capacity()));
    done.check("every order that was read has arrived", ended && seen.read().out == seen.ship().out, seen.read().out);
    note_bottleneck(done, seen, clock::now() - began);
    if (links.packed.capacity() != p.capacity) {
        done.notes.push_back("Boost's buffered_channel holds a power of two less one: asked for " +
                             std::to_string(p.capacity) + ", it has room for " +
                             std::to_string(links.packed.capacity()) + ".");
    }
    return done;
}

demo::report run_orders_as_written(const demo::stage& on) {
    const plan p{on};
    const std::int64_t take = p.take != 0 ? p.take : p.items / 2;
    // On the heap, for the stages may outlive this function: that is the defect.
    const auto next = std::make_shared<std::int64_t>(0);
    const auto read =
        as_written::generate<order>("read", p.capacity, [next, items = p.items]() -> std::optional<order> {
            if (*next == items) {
                return std::nullopt;
            }
            work_for(read_takes);
            return order{++*next};
        });
    const auto priced = as_written::then<order, order>("price", p.capacity, read, [](order&& one) {
        work_for(price_takes);
        return one;
    });
    const auto packed = as_written::then<order, order>("pack", p.capacity, priced, [](order&& one) {
        work_for(pack_takes);
        return one;
    });
    demo::report done;
    std::vector<std::int64_t> arrived;
    while (auto one = packed->pop(on.stop)) {
        arrived.push_back(one->number);
        on.tell("arrive", {"order", static_cast<std::int32_t>(one->number)});
        if (static_cast<std::int64_t>(arrived.size()) == take) {
            on.tell("leave", {}, {}, "the consumer has enough and leaves; nobody tells the stages");
            break;
        }
    }
    // Time enough for every stage to run into its full channel.
    sleep_for(10 * price_takes);
    done.count("items_in", *next);
    done.count("items_out", static_cast<std::int64_t>(arrived.size()));
    done.check("orders arrive in the order in which they were read, without a gap", in_order(arrived), arrived.size());
    done.notes.emplace_back(
        "The stages know only their channels: once the consumer leaves, each blocks in push for ever.");
    return done;
}

}  // namespace fiberlab::pipeline
