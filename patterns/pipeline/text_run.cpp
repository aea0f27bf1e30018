#include "patterns/pipeline/text_run.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "patterns/core/byte_stream.hpp"
#include "patterns/core/io.hpp"
#include "patterns/pipeline/pipeline.hpp"
#include "patterns/pipeline/text/block.hpp"
#include "patterns/pipeline/text/block_assembler.hpp"
#include "patterns/pipeline/text/text_stage.hpp"

namespace fiberlab::pipeline {

namespace {

using namespace pipeline_text;

constexpr std::size_t memory_budget = std::size_t{40} << 20;

struct numbered_block {
    std::uint64_t number = 0;  // of the block as it was read: results keep it, so that their order can be checked
    block text;
};

struct text_step {
    std::string spec;
    std::unique_ptr<text_stage> stage;
    meter seen;
};

std::uint64_t size_of(const std::string& path) {
    struct stat about{};
    const bool known = path != "-" && offload([&] { return ::stat(path.c_str(), &about); }) == 0;
    return known && S_ISREG(about.st_mode) ? static_cast<std::uint64_t>(about.st_size) : 0;
}

class text_pipeline {
public:
    explicit text_pipeline(const demo::stage& on) : on_{on} {
        const auto& specs = on.options.list("stage");
        const auto capacity = static_cast<std::size_t>(on.options.count("capacity"));
        // Each link can be full, and each fiber holds a block or two: one being read, made or written.
        const std::size_t alive = (specs.size() + 1) * capacity + 2 * (specs.size() + 2);
        limits_ = block_limits::within(memory_budget, alive);
        for (const std::string& spec : specs) {
            auto parsed = parse_stage(spec, limits_);
            if (!parsed) {
                throw demo::usage_error("--stage: " + parsed.error());
            }
            steps_.push_back({.spec = spec, .stage = std::move(*parsed), .seen = {}});
        }
        for (std::size_t i = 0; i <= steps_.size(); ++i) {
            links_.emplace_back(name{"link", static_cast<std::int32_t>(i)}, capacity);
        }
    }

    demo::report run() {
        const std::string& path = on_.options.text("input");
        auto input = byte_reader::open(path);
        if (!input) {
            throw demo::usage_error("--input " + input.error());
        }
        bytes_total_ = size_of(path);

        const time_point began = clock::now();
        task_group group{"text stages"};
        group.go("read", [&] { return read(*input); });
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            group.go({"stage", static_cast<std::int32_t>(i) + 1}, [this, i] { return step(i); });
        }
        group.go("write", [&] { return write(); });
        const outcome ended = group.wait();
        return report(ended, clock::now() - began);
    }

private:
    block spare() {
        auto one = spare_.try_pop();
        return one ? *std::move(one) : block{};
    }

    // Reads ahead while more is there at once, for large blocks; what came alone travels alone, for `tail -f`.
    outcome read(byte_reader& input) {
        auto& to = links_.front();
        const detail::on_exit close{[&] { to.close(); }};
        stop_source enough{on_.stop, "reading"};
        const stop_callback reader_left{to.reader_left(), [&] { enough.request_stop("nobody reads"); }};
        block_assembler lines{limits_};
        for (;;) {
            const detail::stopwatch reading{read_.busy};
            const auto count = input.read(lines.room(), enough.token());
            if (!count && count.error().how == status::stopped) {
                break;
            }
            if (!count) {
                return failure("reading " + on_.options.text("input") + ": " + count.error().message());
            }
            if (*count == 0) {
                break;
            }
            bytes_in_ += *count;
            on_.progress(bytes_in_, bytes_total_, demo::progress_unit::bytes);
            const auto ready = lines.commit(*count);
            if (!ready) {
                return failure(ready.error());
            }
            if (*ready && !send(lines, &block_assembler::take)) {
                return {};
            }
        }
        send(lines, &block_assembler::finish);
        return {};
    }

    bool send(block_assembler& lines, bool (block_assembler::*how)(block&)) {
        numbered_block next{.number = read_.out + 1, .text = spare()};
        return !(lines.*how)(next.text) || detail::pass_on(links_.front(), std::move(next), read_);
    }

    // Handing a block to a helper thread and back costs as much as a pass over some tens of kilobytes.
    template <class Work>
    static std::invoke_result_t<Work&> work_on(const block& text, Work&& work) {
        constexpr std::size_t worth_a_thread = std::size_t{32} << 10;
        return text.size() < worth_a_thread ? work() : offload(work);
    }

    outcome step(std::size_t index) {
        text_step& mine = steps_[index];
        std::uint64_t last = 0;
        const auto work = [&](numbered_block&& one, const auto& emit) -> outcome {
            last = one.number;
            auto state = work_on(one.text, [&] { return mine.stage->transform(one.text); });
            while (state && *state == progress::more) {
                numbered_block part{.number = one.number, .text = std::exchange(one.text, spare())};
                if (!emit(std::move(part))) {
                    return {};
                }
                state = offload([&] { return mine.stage->resume(one.text); });
            }
            if (!state) {
                return failure("--stage '" + mine.spec + "': " + state.error());
            }
            if (one.text.empty()) {
                keep(std::move(one.text));
            } else {
                emit(std::move(one));
            }
            return {};
        };
        const auto at_end = [&](const auto& emit) -> outcome {
            numbered_block rest{.number = last, .text = {}};
            mine.stage->finish(rest.text);
            if (!rest.text.empty()) {
                emit(std::move(rest));
            }
            return {};
        };
        return run_expanding_stage(links_[index], links_[index + 1], work, at_end, mine.seen);
    }

    outcome write() {
        byte_writer output{STDOUT_FILENO};
        std::uint64_t last = 0;
        const auto consume = [&](numbered_block&& one) -> std::expected<bool, error> {
            out_of_order_ += one.number < last ? 1 : 0;
            last = one.number;
            // Without the stop token: what was read before SIGINT still arrives.
            if (const auto written = output.write(one.text); !written) {
                if (written.error().how == status::closed) {
                    reader_gone_ = true;
                    return false;
                }
                return failure("writing standard output: " + written.error().message());
            }
            bytes_out_ += one.text.size();
            keep(std::move(one.text));
            return true;
        };
        return run_sink(links_.back(), consume, write_);
    }

    void keep(block&& used) {
        used.clear();
        [[maybe_unused]] const status kept = spare_.try_push(std::move(used));
    }

    demo::report report(const outcome& ended, duration elapsed) {
        demo::report done;
        done.count("bytes_in", static_cast<std::int64_t>(bytes_in_));
        done.count("bytes_out", static_cast<std::int64_t>(bytes_out_));
        done.count("blocks_in", static_cast<std::int64_t>(read_.out));
        done.count("blocks_out", static_cast<std::int64_t>(write_.out));
        const auto rate =
            elapsed.count() > 0 ? static_cast<double>(bytes_in_) * 1e9 / static_cast<double>(elapsed.count()) : 0;
        done.count("bytes_in_per_second", static_cast<std::int64_t>(rate));
        const auto busy = [&](const std::string& who, const meter& m) {
            done.count(who + "_busy_permille", elapsed.count() > 0 ? m.busy.count() * 1000 / elapsed.count() : 0);
        };
        busy("read", read_);
        std::uint64_t taken = read_.out;
        bool complete = true;
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            const meter& m = steps_[i].seen;
            busy("stage_" + std::to_string(i + 1), m);
            complete = complete && m.in == taken;
            taken = m.out;
        }
        busy("write", write_);
        done.check("blocks leave in the order in which they were read", out_of_order_ == 0, write_.in + 1,
                   std::to_string(out_of_order_) + " out of order");
        if (ended && !reader_gone_) {
            done.check("every block went through every stage", complete && write_.in == taken, read_.out + 1,
                       std::to_string(read_.out) + " read, " + std::to_string(write_.in) + " written");
        }
        done.output_closed = reader_gone_;
        if (!ended) {
            done.exit_code = 1;
            done.notes.push_back(ended.error().message);
        }
        return done;
    }

    const demo::stage& on_;
    block_limits limits_;
    std::vector<text_step> steps_;
    std::deque<link<numbered_block>> links_;
    channel<block> spare_{"spare blocks", 8};
    meter read_;
    meter write_;
    std::uint64_t bytes_total_ = 0;
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
    std::uint64_t out_of_order_ = 0;
    bool reader_gone_ = false;
};

}  // namespace

demo::report run_text(const demo::stage& on) {
    return text_pipeline{on}.run();
}

}  // namespace fiberlab::pipeline
