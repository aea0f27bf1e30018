#include "patterns/bridge/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "patterns/bridge/bridge.hpp"
#include "patterns/bridge/bridge_as_written.hpp"
#include "patterns/bridge/order.hpp"
#include "patterns/core/byte_stream.hpp"
#include "patterns/core/channel.hpp"
#include "patterns/core/io.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/task_group.hpp"

namespace fiberlab::demos {

namespace {

constexpr std::size_t memory_budget = std::size_t{16} << 20U;
constexpr std::size_t largest_block = std::size_t{256} << 10U;
constexpr std::size_t most_blocks_of_a_file = 16;
constexpr std::size_t most_files_ahead = 64;

struct block {
    std::uint64_t file = 0;
    std::uint64_t number = 0;
    time_point ready{};
    std::string bytes;
};

// All zero when it can't be found.
struct stat about(const std::string& path) {
    struct stat found{};
    offload([&] { return path == "-" ? ::fstat(STDIN_FILENO, &found) : ::stat(path.c_str(), &found); });
    return found;
}

class joining {
public:
    explicit joining(const demo::stage& on)
        : on_{on},
          capacity_{std::min(static_cast<std::size_t>(on.options.count("capacity")), most_blocks_of_a_file)},
          streams_{"files", std::min(static_cast<std::size_t>(on.options.count("ahead")), most_files_ahead)},
          stop_{on.stop, "stop"} {
        // A file can fill its channel and hold a block in either hand; one more file may just be ending.
        const std::size_t alive = (streams_.capacity() + 2) * (capacity_ + 2);
        block_bytes_ = std::min(largest_block, memory_budget / alive);
    }

    demo::report run() {
        const time_point began = clock::now();
        measure();
        group_.go("source", [this] { open_files(); });
        group_.go("bridge", [this] {
            if (on_.options.text("variant") == "as-written") {
                bridge_as_written(streams_, out_, stop_.token());
            } else {
                fiberlab::bridge(streams_, out_, stop_.token());
            }
        });
        write();
        [[maybe_unused]] const outcome all = group_.wait();
        return report(clock::now() - began);
    }

private:
    void measure() {
        const bool to_file = offload([&] { return ::fstat(STDOUT_FILENO, &output_) == 0; }) && S_ISREG(output_.st_mode);
        appending_to_itself_ = to_file;
        for (const std::string& path : on_.operands) {
            const struct stat one = about(path);
            if (!S_ISREG(one.st_mode)) {
                total_ = 0;
                return;
            }
            total_ += static_cast<std::uint64_t>(one.st_size);
        }
    }

    void open_files() {
        std::uint64_t number = 0;
        for (const std::string& path : on_.operands) {
            ++number;
            stream<block> next = new_stream<block>(name::of(path), capacity_);
            if (streams_.push(next) != status::ok) {
                break;
            }
            group_.go(name::of(path), [this, number, &path, next = std::move(next)] {
                read(number, path, *next);
                watch_.ended(number, clock::now());
                next->close();
            });
        }
        streams_.close();
    }

    void read(std::uint64_t file, const std::string& path, channel<block>& to) {
        if (path == "-" && std::exchange(stdin_taken_, true)) {
            return;  // its end has been reached, or is the business of the fiber that reads it
        }
        auto from = byte_reader::open(path);
        if (!from) {
            fail(from.error());
            return;
        }
        if (is_the_output(path)) {
            fail(path + ": is the output as well");
            return;
        }
        std::vector<char> buffer(block_bytes_);
        for (std::uint64_t number = 1;; ++number) {
            const auto count = from->read(buffer, stop_.token());
            if (!count) {
                if (count.error().how != status::stopped) {
                    fail(path + ": " + count.error().message());
                }
                return;
            }
            if (*count == 0) {
                return;
            }
            bytes_in_ += *count;
            watch_.ready(file, *count);
            block next{.file = file, .number = number, .ready = clock::now(), .bytes = {buffer.data(), *count}};
            if (to.push(std::move(next)) != status::ok) {
                return;
            }
        }
    }

    // It would never end: what is read is written behind it.
    bool is_the_output(const std::string& path) const {
        if (!appending_to_itself_) {
            return false;
        }
        const struct stat one = about(path);
        return one.st_dev == output_.st_dev && one.st_ino == output_.st_ino;
    }

    void write() {
        byte_writer output{STDOUT_FILENO};
        for (const block& each : out_) {
            if (const auto written = output.write(each.bytes, stop_.token()); !written) {
                if (written.error().how == status::closed) {
                    output_closed_ = true;
                } else if (written.error().how != status::stopped) {
                    fail("standard output: " + written.error().message());
                }
                stop_.request_stop("nobody takes the output");
                return;
            }
            const auto [waited, behind] =
                watch_.passed(each.file, each.number, each.ready, each.bytes.size(), clock::now());
            waits_.record(waited);
            if (behind > duration::zero()) {
                behind_.record(behind);
            }
            if (each.number == 1) {
                std::vector<field> fields;
                if (behind > duration::zero()) {
                    fields.push_back({.key = "behind_head_ns", .value = behind.count()});
                }
                on_.tell("joins", name::of(on_.operands[each.file - 1]), std::move(fields));
            }
            bytes_out_ += each.bytes.size();
            on_.progress(bytes_out_, total_, demo::progress_unit::bytes);
        }
    }

    void fail(std::string what) {
        on_.tell("fails", {}, {}, what);
        failures_.push_back(std::move(what));
    }

    demo::report report(duration took) {
        demo::report done;
        done.output_closed = output_closed_;
        done.count("files", static_cast<std::int64_t>(on_.operands.size()));
        done.count("failures", static_cast<std::int64_t>(failures_.size()));
        done.count("read_bytes", static_cast<std::int64_t>(bytes_in_));
        done.count("joined_bytes", static_cast<std::int64_t>(bytes_out_));
        done.count("most_waiting_bytes", static_cast<std::int64_t>(watch_.most_waiting()));
        const double seconds = std::chrono::duration<double>{took}.count();
        done.count("joined_bytes_per_second",
                   seconds > 0 ? static_cast<std::int64_t>(static_cast<double>(bytes_out_) / seconds) : 0);
        done.timing("ready_until_written", waits_);
        done.timing("ready_behind_the_head", behind_);

        // The end of the last file is a case as well: an empty file is joined, too.
        done.check("strict order: a file is drained before the next one begins", watch_.violations() == 0,
                   watch_.out() + 1, watch_.first_violation());
        if (!stop_.stop_requested()) {
            done.check("every byte that was read is on standard output", bytes_out_ == bytes_in_, watch_.made() + 1);
        }
        for (std::string& failure : failures_) {
            done.invariants.back().detail += (done.invariants.back().detail.empty() ? "" : "; ") + failure;
            done.notes.push_back("Failed: " + std::move(failure));
            done.exit_code = 1;
        }
        return done;
    }

    const demo::stage& on_;
    std::size_t capacity_;
    channel<stream<block>> streams_;
    channel<block> out_{"out"};
    stop_source stop_;
    std::size_t block_bytes_ = 0;
    struct stat output_{};
    bool appending_to_itself_ = false;
    bool stdin_taken_ = false;
    bool output_closed_ = false;
    std::uint64_t total_ = 0;
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
    demo::order watch_;
    demo::latency waits_;
    demo::latency behind_;
    std::vector<std::string> failures_;
    task_group group_{"bridge"};  // last, so that it ends first
};

}  // namespace

demo::report bridge_files(const demo::stage& on) {
    return joining{on}.run();
}

}  // namespace fiberlab::demos
