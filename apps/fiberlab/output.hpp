// output: text on its way to a descriptor, in large pieces, which notices when nobody reads it any more.
//
// Views write to it from inside a run, where an exception has no place to go: what went wrong is kept until asked for.
#pragma once

#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>

#include "apps/fiberlab/render/view.hpp"

namespace fiberlab::cli {

// Writing failed for another reason than a reader that went away: a full disk.
struct output_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Keeps a progress line out of the middle of a write to the same terminal.
struct screen {
    std::mutex access;
    bool has_progress = false;  // on the current line of standard error
};

class output : public render::text_sink {
public:
    explicit output(int descriptor, screen* shared = nullptr);
    // Creates or empties the file. Throws demo::usage_error when that can't be.
    output(const std::string& path, std::string_view option);
    ~output() override;  // flushes what it can
    output(const output&) = delete;
    output& operator=(const output&) = delete;

    void write(std::string_view text) override;  // blocks while the reader is slow
    void flush() override;
    void discard() { waiting_.clear(); }  // what has not been written yet

    // Called once, when nothing can be written any more. What is written after that is dropped.
    void on_end(std::function<void()> action) { on_end_ = std::move(action); }

    bool closed() const noexcept { return closed_; }  // the reader went away
    void check() const;                               // throws output_error for any other failure

private:
    int descriptor_;
    bool owned_ = false;
    bool closed_ = false;
    int failure_ = 0;  // errno
    screen* screen_ = nullptr;
    std::string waiting_;
    std::function<void()> on_end_;
};

}  // namespace fiberlab::cli
