// key_gates: the fibers of this process that want the same key, one after the other, first come, first served.
//
//   auto pass = gates.enter("account:7", {.deadline = after(1s)});
//   if (pass) { … only this fiber asks the server for the key … }   // the pass lets the next one in when it goes
//
// Without it, every waiting fiber would ask the server again and again for what its neighbour holds.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "patterns/core/runtime/wait.hpp"
#include "patterns/core/semaphore.hpp"
#include "patterns/core/status.hpp"

namespace fiberlab::locks::redis {

class key_gates {
    struct gate {
        semaphore place{"a key that another fiber of this process has or waits for", 1};
        std::size_t users = 0;  // who has it and who waits: while there is one, the gate stays
    };
    using gate_map = std::map<std::string, gate, std::less<>>;  // whose places stay where they are

public:
    // The right to ask for one key. It may outlive neither the gates nor the run.
    class pass {
    public:
        pass() noexcept = default;
        pass(pass&& other) noexcept : gates_{std::exchange(other.gates_, nullptr)}, at_{other.at_} {}
        pass& operator=(pass&& other) noexcept {
            if (this != &other) {
                leave();
                gates_ = std::exchange(other.gates_, nullptr);
                at_ = other.at_;
            }
            return *this;
        }
        pass(const pass&) = delete;
        pass& operator=(const pass&) = delete;
        ~pass() { leave(); }

        void leave() noexcept;  // never blocks, and may be called between two fibers

    private:
        friend class key_gates;
        pass(key_gates& gates, gate_map::iterator at) noexcept : gates_{&gates}, at_{at} {}
        key_gates* gates_ = nullptr;
        gate_map::iterator at_;
    };

    // Blocks until the key's earlier users have gone; the error is timeout or stopped. A deadline that has passed still
    // lets a fiber in that finds nobody before it.
    std::expected<pass, status> enter(std::string_view key, const seam::limits& until);
    std::expected<pass, status> try_enter(std::string_view key);  // never blocks; the error is busy

    std::size_t size() const noexcept { return gates_.size(); }  // keys in use

private:
    template <class Wait>
    std::expected<pass, status> enter_by(std::string_view key, Wait&& wait);
    void leave(gate_map::iterator at) noexcept;

    gate_map gates_;
};

}  // namespace fiberlab::locks::redis
