// name: what a fiber, a channel or a lock is called in a story, a trace or a deadlock report.
//
//   channel<int> squares{"squares", 4};            // a literal costs a pointer
//   spawn({"worker", 3}, [] { … });                // reads as "worker 3", formatted only when printed
//   spawn(name::of("file " + path), [] { … });     // text made at run time is kept for the life of the process
//
// A name is copied by value, never owns memory and never dangles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fiberlab {

class name {
public:
    static constexpr std::int32_t no_index = -1;

    constexpr name() noexcept = default;

    template <std::size_t N>
    constexpr name(const char (&literal)[N], std::int32_t index = no_index) noexcept
        : text_{literal}, size_{static_cast<std::uint32_t>(N - 1)}, index_{index} {}

    // Keeps a copy of `text` until the process ends: use it for a bounded set of names.
    static name of(std::string_view text, std::int32_t index = no_index);

    constexpr std::string_view text() const noexcept { return {text_, size_}; }
    constexpr std::int32_t index() const noexcept { return index_; }
    constexpr bool empty() const noexcept { return size_ == 0; }

    std::string str() const;  // "worker 3"

    friend constexpr bool operator==(const name& a, const name& b) noexcept {
        return a.text() == b.text() && a.index_ == b.index_;
    }

private:
    const char* text_ = "";
    std::uint32_t size_ = 0;
    std::int32_t index_ = no_index;
};

}  // namespace fiberlab
