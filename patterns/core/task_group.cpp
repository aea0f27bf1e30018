#include "patterns/core/task_group.hpp"

#include <stdexcept>

namespace fiberlab {

task_group::task_group(const stop_token& parent, name called) : stop_{parent, called} {}

task_group::~task_group() {
    if (!tasks_.empty()) {
        stop_.request_stop("its group ended");
        tasks_.clear();  // joins them while all that they report to is still there
    }
}

void task_group::set_limit(std::size_t n) {
    if (!tasks_.empty()) {
        throw std::logic_error("task_group::set_limit while tasks run");
    }
    limit_ = std::make_unique<semaphore>("group limit", n);
}

void task_group::conclude(outcome done) {
    if (limit_ != nullptr) {
        limit_->release();
    }
    if (done) {
        return;
    }
    if (!first_) {
        ++later_errors_;
        return;
    }
    first_ = std::move(done);
    stop_.request_stop(first_.error().message);
}

outcome task_group::wait() {
    while (!tasks_.empty()) {
        fiber first = std::move(tasks_.front());
        tasks_.pop_front();
        first.join();
    }
    return first_;
}

}  // namespace fiberlab
