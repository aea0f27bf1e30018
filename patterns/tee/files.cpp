#include "patterns/tee/files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "patterns/core/byte_stream.hpp"
#include "patterns/core/channel.hpp"
#include "patterns/core/io.hpp"
#include "patterns/core/stop.hpp"
#include "patterns/core/task_group.hpp"
#include "patterns/tee/lockstep.hpp"
#include "patterns/tee/tee.hpp"
#include "patterns/tee/tee_as_written.hpp"

namespace fiberlab::demos {

namespace {

using namespace std::chrono_literals;
using demo::side;

constexpr std::size_t block_bytes = std::size_t{256} << 10U;
constexpr std::size_t most_blocks_in_a_channel = 16;

// How long a writer whose other end takes nothing may go on after a stop, to finish what the other side has.
constexpr duration grace = 1s;

struct block {
    std::uint64_t number = 0;
    std::shared_ptr<const std::string> bytes;  // one copy in memory, whoever has written it and who hasn't
};

std::filesystem::path as_path(const std::string& given, const char* dash) {
    return given == "-" ? std::filesystem::path{dash} : std::filesystem::path{given};
}

// One file by two names, existing or not. Devices and pipes may be written twice.
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
    namespace fs = std::filesystem;
    return offload([&] {
        std::error_code ignored;
        const fs::file_status about = fs::status(a, ignored);
        if (fs::exists(about)) {
            return fs::is_regular_file(about) && fs::equivalent(a, b, ignored);
        }
        return fs::weakly_canonical(a, ignored) == fs::weakly_canonical(b, ignored);
    });
}

std::uint64_t size_of(const std::filesystem::path& file) {
    std::error_code ignored;
    const std::uintmax_t size = offload([&] { return std::filesystem::file_size(file, ignored); });
    return ignored ? 0 : size;
}

struct copy {
    side which;
    const std::string& path;
    byte_writer writer;
    channel<block> from;
    std::uint64_t bytes = 0;
    bool failed = false;

    copy(side half, const std::string& file, byte_writer&& to, std::size_t capacity)
        : which{half},
          path{file},
          writer{std::move(to)},
          from{half == side::left ? name{"to left"} : name{"to right"}, capacity} {}
};

class copying {
public:
    explicit copying(const demo::stage& on)
        : on_{on},
          path_{on.options.text("input")},
          input_{opened_apart()},
          in_{"blocks", capacity()},
          left_{side::left, on.options.text("left"), created("left"), capacity()},
          right_{side::right, on.options.text("right"), created("right"), capacity()},
          stop_{on.stop, "stop"} {}

    demo::report run() {
        const time_point began = clock::now();
        const stop_callback no_long_goodbye{stop_.token(), [this] { patience_.stop_after(grace); }};
        task_group group{"tee"};
        group.go("reader", [this] { read(); });
        group.go("left", [this] { write(left_); });
        group.go("right", [this] { write(right_); });
        if (on_.options.text("variant") == "as-written") {
            tee_as_written(in_, left_.from, right_.from, stop_.token());
        } else {
            fiberlab::tee(in_, left_.from, right_.from, stop_.token());
        }
        [[maybe_unused]] const outcome all = group.wait();
        watch_.settle();
        return report(clock::now() - began);
    }

private:
    std::size_t capacity() const {
        return std::min(static_cast<std::size_t>(on_.options.count("capacity")), most_blocks_in_a_channel);
    }

    // Before any file is emptied for writing, or the input could be gone.
    byte_reader opened_apart() const {
        auto input = byte_reader::open(path_);
        if (!input) {
            throw demo::usage_error("--input " + input.error());
        }
        const auto from = as_path(path_, "/dev/stdin");
        const auto left = as_path(on_.options.text("left"), "/dev/stdout");
        const auto right = as_path(on_.options.text("right"), "/dev/stdout");
        if (same_file(left, right) || (left == right && left == "/dev/stdout")) {
            throw demo::usage_error("--left and --right are the same file");
        }
        if (same_file(from, left) || same_file(from, right)) {
            throw demo::usage_error("--input is the same file as " +
                                    std::string{same_file(from, left) ? "--left" : "--right"} +
                                    ": it would be emptied before it is read");
        }
        return *std::move(input);
    }

    byte_writer created(const std::string& option) const {
        auto output = byte_writer::create(on_.options.text(option));
        if (!output) {
            throw demo::usage_error("--" + option + " " + output.error());
        }
        return *std::move(output);
    }

    void read() {
        const std::uint64_t total = path_ == "-" ? 0 : size_of(path_);
        std::vector<char> buffer(block_bytes);
        for (;;) {
            const auto count = input_.read(buffer, stop_.token());
            if (!count) {
                if (count.error().how != status::stopped) {
                    fail("reading", path_, count.error().message());
                }
                break;
            }
            if (*count == 0) {
                break;
            }
            block next{.number = blocks_ + 1, .bytes = std::make_shared<const std::string>(buffer.data(), *count)};
            if (in_.push(std::move(next), stop_.token()) != status::ok) {
                break;
            }
            ++blocks_;
            bytes_in_ += *count;
            on_.progress(bytes_in_, total, demo::progress_unit::bytes);
        }
        on_.tell("has read", name::of(path_), {{.key = "read_bytes", .value = static_cast<std::int64_t>(bytes_in_)}});
        in_.close();
    }

    void write(copy& to) {
        for (const block& each : to.from) {
            if (const auto written = to.writer.write(*each.bytes, patience_.token()); !written) {
                give_up(to, written.error());
                return;
            }
            to.bytes += each.bytes->size();
            watch_.took(to.which, each.number, clock::now());
        }
        on_.tell("has written", name::of(to.path),
                 {{.key = "written_bytes", .value = static_cast<std::int64_t>(to.bytes)}});
    }

    // This side leaves; the other one still gets everything.
    void give_up(copy& from, const io_error& why) {
        from.failed = true;
        watch_.leave(from.which);
        from.from.close();
        if (why.how == status::closed && from.path == "-") {
            output_closed_ = true;
        } else if (why.how == status::closed) {
            fail("writing", from.path, "its reader has gone");
        } else if (why.how == status::stopped) {
            fail("writing", from.path, "gave up, its reader took nothing for a second after the stop");
        } else {
            fail("writing", from.path, why.message());
        }
        if (output_closed_ || (left_.failed && right_.failed)) {
            stop_.request_stop("nobody takes the copies");
        }
    }

    void fail(std::string_view doing, const std::string& path, const std::string& why) {
        on_.tell("fails", name::of(path), {}, why);
        failures_.push_back(std::string{doing} + " " + path + ": " + why);
    }

    demo::report report(duration took) {
        demo::report done;
        done.output_closed = output_closed_;
        done.count("read_bytes", static_cast<std::int64_t>(bytes_in_));
        done.count("left_bytes", static_cast<std::int64_t>(left_.bytes));
        done.count("right_bytes", static_cast<std::int64_t>(right_.bytes));
        done.count("blocks", static_cast<std::int64_t>(blocks_));
        done.count("copied_bytes_per_second", rate(took));

        // The end of the input is a case as well: an empty file is copied, too.
        const std::uint64_t samples = watch_.taken(side::left) + watch_.taken(side::right) + 1;
        done.check("each copy gets the blocks in order, each once", watch_.out_of_order() == 0, samples);
        done.check("no copy has a block that the other misses", watch_.missed() == 0, samples, watch_.first_missed());
        if (!stop_.stop_requested()) {
            const bool whole =
                (left_.failed || left_.bytes == bytes_in_) && (right_.failed || right_.bytes == bytes_in_);
            done.check("every byte that was read is in each copy that could be written", whole, blocks_ + 1);
        }
        for (std::string& failure : failures_) {
            done.invariants.back().detail += (done.invariants.back().detail.empty() ? "" : "; ") + failure;
            done.notes.push_back("Failed: " + std::move(failure));
            done.exit_code = 1;
        }
        return done;
    }

    std::int64_t rate(duration took) const {
        const double seconds = std::chrono::duration<double>{took}.count();
        return seconds > 0 ? static_cast<std::int64_t>(static_cast<double>(bytes_in_) / seconds) : 0;
    }

    const demo::stage& on_;
    const std::string& path_;
    byte_reader input_;
    channel<block> in_;
    copy left_;
    copy right_;
    stop_source stop_;
    stop_source patience_{"patience"};  // no child of stop_: what one side has, the other still has time to write
    demo::lockstep watch_;
    std::uint64_t blocks_ = 0;
    std::uint64_t bytes_in_ = 0;
    std::vector<std::string> failures_;
    bool output_closed_ = false;
};

}  // namespace

demo::report tee_files(const demo::stage& on) {
    return copying{on}.run();
}

}  // namespace fiberlab::demos
