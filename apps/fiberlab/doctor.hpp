// doctor: what this machine has for fiberlab, and what it lacks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/fiberlab/render/style.hpp"

namespace fiberlab::cli {

struct finding {
    enum class state : std::uint8_t { fine, limited, missing };  // limited: works, but not as well as it could

    std::string key;  // of the JSON: "redis"
    std::string what;
    state is = state::fine;
    std::string value;   // what there is: a version, a number with its unit
    std::string hint{};  // what it means, or what to do about it
};

// Starts the servers' programs to ask for their versions; takes some tens of milliseconds.
std::vector<finding> examine_machine();

std::string as_text(const std::vector<finding>& all, render::style style, std::size_t width);
std::string as_json(const std::vector<finding>& all, int indent);

int exit_code_of(const std::vector<finding>& all);  // 3 when something is missing

}  // namespace fiberlab::cli
