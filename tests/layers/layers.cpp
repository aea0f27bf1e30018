#include "tests/layers/layers.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

namespace fiberlab::test {

namespace {

namespace fs = std::filesystem;

enum class layer {
    core,       // patterns/core
    demo_base,  // patterns/demo: what a demo is
    pattern,    // patterns/<name>/<name>.hpp and .cpp
    lock,       // locks/<part>
    demo,       // the other files of patterns/<name>, and a folder of locks that has a demo.cpp
    lock_demo,
    app,
    unknown,
};

struct source {
    std::string path;  // from the root
    layer in = layer::unknown;
};

struct include {
    std::string_view target;
    bool quoted = false;
};

// Third-party headers that only some files may see.
struct confined {
    std::string_view header_prefix;
    std::string_view folder;
    std::string_view extension;  // empty: any
};

constexpr std::array confinements{
    confined{"boost/fiber/", "patterns/core/", ""},
    confined{"boost/context/", "patterns/core/", ""},
    confined{"hiredis/", "locks/redis/", ".cpp"},
    confined{"pqxx/", "locks/postgres/", ".cpp"},
    confined{"libpq", "locks/postgres/", ".cpp"},
    confined{"postgresql/", "locks/postgres/", ".cpp"},
    confined{"CLI/", "apps/", ""},
};

// What writes to the terminal: only apps/ may.
constexpr std::array printing{"fmt::print", "std::print", "std::cout",   "std::cerr",
                              "std::clog",  "std::puts",  "std::printf", "std::fprintf"};

// The second component: "tee" of "patterns/tee/tee.hpp".
std::string_view part_of(std::string_view path) {
    const auto first = path.find('/') + 1;
    return path.substr(first, path.find('/', first) - first);
}

layer layer_of(std::string_view path, const fs::path& root) {
    if (path.starts_with("apps/")) {
        return layer::app;
    }
    if (path.starts_with("locks/")) {
        return fs::exists(root / "locks" / part_of(path) / "demo.cpp") ? layer::lock_demo : layer::lock;
    }
    if (!path.starts_with("patterns/")) {
        return layer::unknown;
    }
    const std::string_view part = part_of(path);
    if (part == "core") {
        return layer::core;
    }
    if (part == "demo") {
        return layer::demo_base;
    }
    const fs::path file{path};
    return file.stem() == part ? layer::pattern : layer::demo;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

std::optional<include> include_in(std::string_view line) {
    line = trimmed(line);
    if (!line.starts_with('#')) {
        return std::nullopt;
    }
    line = trimmed(line.substr(1));
    constexpr std::string_view keyword = "include";
    if (!line.starts_with(keyword)) {
        return std::nullopt;
    }
    line = trimmed(line.substr(keyword.size()));
    if (line.empty()) {
        return std::nullopt;
    }
    const bool quoted = line.front() == '"';
    const auto end = line.find(quoted ? '"' : '>', 1);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    return include{line.substr(1, end - 1), quoted};
}

std::string refuse_header(const source& from, std::string_view header) {
    for (const confined& rule : confinements) {
        const bool allowed = from.path.starts_with(rule.folder) && from.path.ends_with(rule.extension);
        if (header.starts_with(rule.header_prefix) && !allowed) {
            return "it belongs in " + std::string{rule.folder} + "*" + std::string{rule.extension} + " alone";
        }
    }
    return {};
}

std::string refuse_project_include(const source& from, std::string_view target) {
    if (target.starts_with("tests/")) {
        return "nothing but tests includes tests";
    }
    if (target.starts_with("explanations/")) {
        return from.in == layer::demo || from.in == layer::lock_demo ? "" : "only a demo has an explanation";
    }
    if (target.starts_with("apps/")) {
        return from.in == layer::app ? "" : "nothing below apps includes apps";
    }
    if (target.starts_with("locks/")) {
        switch (from.in) {
            case layer::core:
            case layer::demo_base:
            case layer::pattern:
            case layer::demo:
                return "patterns never include locks";
            default:
                return {};
        }
    }
    if (!target.starts_with("patterns/")) {
        return "an include starts at the root of the tree";
    }
    const std::string_view part = part_of(target);
    if (part == "core") {
        return {};
    }
    if (from.in == layer::core) {
        return "patterns/core includes nothing above it";
    }
    if (part == "demo") {
        const bool knows_demos = from.in != layer::pattern && from.in != layer::lock;
        return knows_demos ? "" : "only a demo knows what a demo is";
    }
    if (from.in == layer::demo_base) {
        return "patterns/demo knows no pattern";
    }
    return from.in == layer::lock ? "locks stand on patterns/core, not on patterns" : "";
}

void check_line(const source& from, std::string_view line, std::size_t number, std::vector<violation>& found) {
    if (const auto included = include_in(line)) {
        std::string why = refuse_header(from, included->target);
        if (why.empty() && included->quoted) {
            why = refuse_project_include(from, included->target);
        }
        if (!why.empty()) {
            found.push_back({from.path, number, "includes \"" + std::string{included->target} + "\": " + why});
        }
        return;
    }
    if (from.in == layer::app) {
        return;
    }
    const std::string_view code = line.substr(0, line.find("//"));
    for (const std::string_view call : printing) {
        if (code.find(call) != std::string_view::npos) {
            found.push_back({from.path, number, "uses " + std::string{call} + ": only apps prints"});
        }
    }
}

std::vector<std::string> sources_below(const fs::path& root) {
    std::vector<std::string> paths;
    for (const char* top : {"apps", "locks", "patterns"}) {
        if (!fs::is_directory(root / top)) {
            continue;
        }
        for (const auto& entry : fs::recursive_directory_iterator{root / top}) {
            const auto extension = entry.path().extension();
            if (entry.is_regular_file() && (extension == ".hpp" || extension == ".cpp")) {
                paths.push_back(entry.path().lexically_relative(root).generic_string());
            }
        }
    }
    if (paths.empty()) {
        throw fs::filesystem_error{"no sources of fiberlab", root,
                                   std::make_error_code(std::errc::no_such_file_or_directory)};
    }
    std::ranges::sort(paths);
    return paths;
}

}  // namespace

std::string str(const violation& found) {
    return found.file + ":" + std::to_string(found.line) + ": " + found.reason;
}

std::vector<violation> check_layers(const fs::path& root) {
    std::vector<violation> found;
    for (const std::string& path : sources_below(root)) {
        const source from{path, layer_of(path, root)};
        std::ifstream file{root / path};
        std::string line;
        for (std::size_t number = 1; std::getline(file, line); ++number) {
            check_line(from, line, number, found);
        }
    }
    return found;
}

}  // namespace fiberlab::test
