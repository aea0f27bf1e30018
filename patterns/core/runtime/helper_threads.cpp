#include "patterns/core/runtime/helper_threads.hpp"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <utility>

namespace fiberlab {

helper_threads::~helper_threads() {
    {
        const std::lock_guard hold{mutex_};
        closing_ = true;
    }
    pending_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void helper_threads::submit(std::function<void()> call, std::function<void()> done) {
    {
        const std::lock_guard hold{mutex_};
        queue_.push_back({std::move(call), std::move(done)});
        if (queue_.size() > free_threads_ && threads_.size() < most_threads) {
            // Signals are for the thread that runs fibers: a new thread starts with all of them blocked.
            sigset_t all;
            sigset_t before;
            sigfillset(&all);
            pthread_sigmask(SIG_SETMASK, &all, &before);
            threads_.emplace_back([this] { serve(); });
            pthread_sigmask(SIG_SETMASK, &before, nullptr);
        }
    }
    pending_.notify_one();
}

std::vector<std::function<void()>> helper_threads::take_finished() {
    const std::lock_guard hold{mutex_};
    return std::exchange(finished_, {});
}

void helper_threads::serve() {
    std::unique_lock hold{mutex_};
    for (;;) {
        ++free_threads_;
        pending_.wait(hold, [this] { return closing_ || !queue_.empty(); });
        --free_threads_;
        if (queue_.empty()) {
            return;
        }
        job next = std::move(queue_.front());
        queue_.pop_front();
        hold.unlock();
        next.call();
        hold.lock();
        finished_.push_back(std::move(next.done));
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
    }
}

}  // namespace fiberlab
