#include "locks/memory/memory_locks.hpp"

#include <atomic>
#include <string>
#include <utility>

#include "locks/memory/keyed_mutex.hpp"
#include "locks/memory/keyed_mutex_as_written.hpp"

namespace fiberlab::locks {

namespace {

// A lease that only its holder can end; `unlock` runs once.
template <class Unlock>
class memory_lease final : public lease {
public:
    memory_lease(std::int64_t token, Unlock unlock) : token_{token}, unlock_{std::move(unlock)} {}
    ~memory_lease() override { give_back(); }
    memory_lease(const memory_lease&) = delete;
    memory_lease& operator=(const memory_lease&) = delete;
    memory_lease(memory_lease&&) = delete;
    memory_lease& operator=(memory_lease&&) = delete;

    std::expected<void, lock_error> release() override {
        give_back();
        return {};
    }
    std::expected<void, lock_error> renew(duration /*ttl*/) override {
        if (!held_) {
            return std::unexpected{lock_error{lock_failure::lost, "it was released"}};
        }
        return {};
    }
    bool is_held() const noexcept override { return held_; }
    std::int64_t fencing_token() const noexcept override { return token_; }
    stop_token lost() const noexcept override { return {}; }

private:
    void give_back() {
        if (std::exchange(held_, false)) {
            unlock_();
        }
    }

    std::int64_t token_;
    Unlock unlock_;
    bool held_ = true;
};

class memory_locks final : public lock_manager {
public:
    result acquire(std::string_view key, const lock_request& request) override {
        switch (mutexes_.lock(key, request.deadline, request.stop)) {
            case status::ok:
                return granted(key);
            case status::timeout:
                return std::unexpected{lock_error{lock_failure::timeout, {}}};
            default:
                return std::unexpected{lock_error{lock_failure::stopped, request.stop.cause()}};
        }
    }
    result try_acquire(std::string_view key, const lock_request& /*request*/) override {
        if (!mutexes_.try_lock(key)) {
            return std::unexpected{lock_error{lock_failure::busy, {}}};
        }
        return granted(key);
    }
    std::string_view backend() const noexcept override { return "memory"; }

private:
    result granted(std::string_view key) {
        auto unlock = [this, held = std::string{key}] { mutexes_.unlock(held); };
        return std::make_unique<memory_lease<decltype(unlock)>>(++last_token_, std::move(unlock));
    }

    keyed_mutex mutexes_{"key"};
    std::atomic<std::int64_t> last_token_{0};
};

class memory_locks_as_written final : public lock_manager {
public:
    result acquire(std::string_view key, const lock_request& /*request*/) override {
        auto unlock = [this, called = std::string{key}, held = mutexes_.lock(key)] { mutexes_.unlock(called, held); };
        return std::make_unique<memory_lease<decltype(unlock)>>(++last_token_, std::move(unlock));
    }
    result try_acquire(std::string_view key, const lock_request& request) override { return acquire(key, request); }
    std::string_view backend() const noexcept override { return "memory"; }

private:
    as_written::keyed_mutex mutexes_;
    std::atomic<std::int64_t> last_token_{0};
};

}  // namespace

std::unique_ptr<lock_manager> make_memory_locks() {
    return std::make_unique<memory_locks>();
}

std::unique_ptr<lock_manager> make_memory_locks_as_written() {
    return std::make_unique<memory_locks_as_written>();
}

}  // namespace fiberlab::locks
