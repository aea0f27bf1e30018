// style: colour, where the stream takes it. Meaning never hangs on colour alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fiberlab::render {

enum class tint : std::uint8_t { plain, bold, dim, good, bad, doubtful, heading };

class style {
public:
    explicit style(bool coloured) : coloured_{coloured} {}

    std::string in(tint t, std::string_view text) const;
    std::string of_fiber(std::uint32_t number, std::string_view text) const;  // each fiber keeps its colour
    bool coloured() const noexcept { return coloured_; }

private:
    bool coloured_;
};

}  // namespace fiberlab::render
