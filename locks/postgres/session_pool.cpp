#include "locks/postgres/session_pool.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "locks/postgres/patience.hpp"

namespace fiberlab::locks::postgres {

loan::~loan() {
    if (session_ != nullptr) {
        from_->give_back(std::move(session_), in_order_);
    }
}

session_pool::session_pool(std::string url, std::size_t most_loans, duration connect_timeout,
                           std::span<const statement> prepared)
    : url_{std::move(url)},
      connect_timeout_{connect_timeout},
      prepared_{prepared},
      slots_{"Postgres sessions", most_loans} {}

std::expected<std::shared_ptr<session>, sql_error> session_pool::open(const seam::limits& until) const {
    const seam::limits soon{.deadline = std::min(after(connect_timeout_), at_least_a_reply(until.deadline)),
                            .stop = until.stop};
    auto opened = session::open(url_, soon.deadline, soon.stop);
    if (opened) {
        if (auto done = (*opened)->prepare(prepared_, soon); !done) {
            opened = std::unexpected{std::move(done.error())};
        }
    }
    if (!opened && opened.error().why == lock_failure::timeout) {
        opened.error() = {lock_failure::disconnected, {}, "the server does not answer"};
    }
    return opened;
}

std::expected<void, sql_error> session_pool::adopt(std::shared_ptr<session> opened, const seam::limits& until) {
    auto done = opened->prepare(prepared_, until);
    if (done) {
        shared_ = std::move(opened);
    }
    return done;
}

std::expected<std::shared_ptr<session>, sql_error> session_pool::shared(const seam::limits& until) {
    if (shared_ != nullptr && shared_->alive()) {
        return shared_;
    }
    if (const status had = opening_.lock_until(at_least_a_reply(until.deadline), until.stop); had != status::ok) {
        return std::unexpected{gave_up(had)};
    }
    const std::lock_guard hold{opening_, std::adopt_lock};
    if (shared_ == nullptr || !shared_->alive()) {
        auto opened = open(until);
        if (!opened) {
            return opened;
        }
        shared_ = *std::move(opened);
    }
    return shared_;
}

std::expected<loan, sql_error> session_pool::borrow(time_point free_by, const seam::limits& until) {
    if (const status had = slots_.acquire(1, until.stop, free_by); had != status::ok) {
        return std::unexpected{gave_up(had)};
    }
    struct give_slot_back {
        semaphore* slots;
        explicit give_slot_back(semaphore& of) : slots{&of} {}
        give_slot_back(const give_slot_back&) = delete;
        give_slot_back& operator=(const give_slot_back&) = delete;
        give_slot_back(give_slot_back&&) = delete;
        give_slot_back& operator=(give_slot_back&&) = delete;
        ~give_slot_back() {
            if (slots != nullptr) {
                slots->release();
            }
        }
    };
    give_slot_back slot{slots_};
    std::shared_ptr<session> lent = take_idle();
    if (lent == nullptr) {
        auto opened = open(until);
        if (!opened) {
            return std::unexpected{std::move(opened.error())};
        }
        lent = *std::move(opened);
    }
    slot.slots = nullptr;
    return loan{*this, std::move(lent)};
}

std::shared_ptr<session> session_pool::take_idle() {
    while (!idle_.empty()) {
        const std::shared_ptr<session> last = std::move(idle_.back());
        idle_.pop_back();
        if (last->alive()) {
            return last;
        }
    }
    return nullptr;
}

void session_pool::give_back(std::shared_ptr<session> lent, bool in_order) {
    if (in_order && lent->alive()) {
        idle_.push_back(std::move(lent));
    } else {
        lent->close("not in order");
    }
    slots_.release();
}

}  // namespace fiberlab::locks::postgres
