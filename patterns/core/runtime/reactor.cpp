#include "patterns/core/runtime/reactor.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>

#include "patterns/core/runtime/helper_threads.hpp"

namespace fiberlab {

namespace {

// Where an interrupt is reported: the reactor that was made last, for a process has one run at a time.
constinit std::atomic<int> interrupt_descriptor{-1};

[[noreturn]] void fail(const char* call) {
    throw std::system_error(errno, std::generic_category(), call);
}

}  // namespace

reactor::reactor() : epoll_{epoll_create1(EPOLL_CLOEXEC)}, wake_{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
    if (epoll_ < 0 || wake_ < 0) {
        fail("epoll_create1 or eventfd");
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
        fail("epoll_ctl");
    }
    helpers_ = std::make_unique<helper_threads>(wake_);
    interrupt_descriptor.store(wake_, std::memory_order_release);
}

reactor::~reactor() {
    helpers_.reset();
    int mine = wake_;
    interrupt_descriptor.compare_exchange_strong(mine, -1);
    close(wake_);
    close(epoll_);
}

void reactor::add(int descriptor, io_source& source, std::uint32_t epoll_events) {
    epoll_event event{};
    event.events = epoll_events;
    event.data.ptr = &source;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) {
        fail("epoll_ctl");
    }
    ++sources_;
}

void reactor::modify(int descriptor, io_source& source, std::uint32_t epoll_events) const {
    epoll_event event{};
    event.events = epoll_events;
    event.data.ptr = &source;
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event) != 0) {
        fail("epoll_ctl");
    }
}

void reactor::remove(int descriptor, io_source& source) noexcept {
    if (epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr) == 0) {
        --sources_;
    }
    if (source.dirty_) {
        source.dirty_ = false;
        std::ranges::replace(dirty_, &source, nullptr);
    }
}

void reactor::mark_dirty(io_source& source) {
    if (!source.dirty_) {
        source.dirty_ = true;
        dirty_.push_back(&source);
    }
}

void reactor::offload(std::function<void()> call, std::function<void()> done) {
    ++calls_;
    helpers_->submit(std::move(call), std::move(done));
}

void reactor::flush() noexcept {
    // By index: flushing one source may mark another.
    for (std::size_t i = 0; i < dirty_.size(); ++i) {  // NOLINT(modernize-loop-convert): it grows
        if (io_source* const source = dirty_[i]) {
            source->dirty_ = false;
            dirty_[i] = nullptr;
            source->flush();
        }
    }
    dirty_.clear();
}

void reactor::poll() noexcept {
    wait(std::chrono::nanoseconds::zero());
}

void reactor::wait(std::chrono::nanoseconds at_most) noexcept {
    flush();
    std::array<epoll_event, 64> events;  // filled by the kernel
    timespec limit{};
    if (at_most.count() > 0) {
        limit.tv_sec = static_cast<time_t>(at_most.count() / 1'000'000'000);
        limit.tv_nsec = static_cast<long>(at_most.count() % 1'000'000'000);
    }
    const int count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()),
                                   at_most.count() < 0 ? nullptr : &limit, nullptr);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (auto* const source = static_cast<io_source*>(event.data.ptr)) {
            source->on_ready(event.events);
            continue;
        }
        std::uint64_t wakes = 0;
        [[maybe_unused]] const auto drained = ::read(wake_, &wakes, sizeof wakes);
        for (auto& done : helpers_->take_finished()) {
            --calls_;
            done();
        }
    }
}

void reactor::interrupt() noexcept {
    const int descriptor = interrupt_descriptor.load(std::memory_order_acquire);
    if (descriptor >= 0) {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(descriptor, &one, sizeof one);
    }
}

}  // namespace fiberlab
