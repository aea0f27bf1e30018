// helper_threads: makes blocking calls (regular files, starting processes, name look-ups) so that no fiber has to.
//
// A few threads, started when first needed and joined with the reactor. They know nothing of fibers: a finished call is
// handed back through a list and an eventfd.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace fiberlab {

class helper_threads {
public:
    explicit helper_threads(int wake_descriptor) noexcept : wake_{wake_descriptor} {}
    ~helper_threads();
    helper_threads(const helper_threads&) = delete;
    helper_threads& operator=(const helper_threads&) = delete;
    helper_threads(helper_threads&&) = delete;
    helper_threads& operator=(helper_threads&&) = delete;

    void submit(std::function<void()> call, std::function<void()> done);
    std::vector<std::function<void()>> take_finished();

private:
    static constexpr std::size_t most_threads = 8;  // enough for every stage of a pipeline to be in a call at once
    struct job {
        std::function<void()> call;
        std::function<void()> done;
    };
    void serve();

    int wake_;
    std::mutex mutex_;
    std::condition_variable pending_;
    std::deque<job> queue_;
    std::vector<std::function<void()>> finished_;
    std::vector<std::thread> threads_;
    std::size_t free_threads_ = 0;
    bool closing_ = false;
};

}  // namespace fiberlab
