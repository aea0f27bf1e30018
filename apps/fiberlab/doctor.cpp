#include "apps/fiberlab/doctor.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "apps/fiberlab/exit_code.hpp"
#include "apps/fiberlab/render/json.hpp"
#include "apps/fiberlab/render/text.hpp"
#include "apps/fiberlab/render/units.hpp"
#include "apps/fiberlab/terminal.hpp"
#include "apps/fiberlab/version.hpp"
#include "locks/servers/binaries.hpp"
#include "locks/servers/lab_folder.hpp"
#include "patterns/core/byte_stream.hpp"
#include "patterns/core/process.hpp"
#include "patterns/core/runtime/runtime.hpp"

namespace fiberlab::cli {

namespace {

using namespace std::chrono_literals;
using state = finding::state;

constexpr auto patience = 5s;  // for a program that is asked for its version

// What `program --version` prints on its first line; empty when it does not answer.
std::string version_of(const std::filesystem::path& program) {
    std::string printed;
    run({.mode = run_mode::real}, [&] {
        auto child = process::start({.arguments = {program.string(), "--version"},
                                     .input = stream::null,
                                     .output = stream::piped,
                                     .errors = stream::null});
        if (!child) {
            return;
        }
        stop_source limit{run_stop(), "patience"};
        limit.stop_after(patience);
        byte_reader reader{child->output()};
        std::array<char, 512> bytes{};
        while (const auto got = reader.read(bytes, limit.token())) {
            if (*got == 0) {
                break;
            }
            printed.append(bytes.data(), *got);
        }
    });
    return printed.substr(0, printed.find('\n'));
}

// "Redis server v=7.0.15 sha=…" → "7.0.15", "postgres (PostgreSQL) 15.20 (Debian …)" → "15.20"
std::string number_in(const std::string& version_line) {
    const std::size_t begin = version_line.find_first_of("0123456789");
    if (begin == std::string::npos) {
        return "";
    }
    const std::size_t end = version_line.find_first_not_of("0123456789.", begin);
    return version_line.substr(begin, end - begin);
}

finding server(std::string key, std::string what,
               const std::expected<std::filesystem::path, servers::start_error>& found, const std::string& program) {
    if (!found) {
        return {std::move(key), std::move(what), state::missing, "not installed", found.error().message};
    }
    const std::filesystem::path binary = program.empty() ? *found : *found / program;
    const std::string version_line = version_of(binary);
    const std::string number = number_in(version_line);
    if (number.empty()) {
        return {std::move(key), std::move(what), state::missing, "does not run",
                binary.string() + " --version says nothing"};
    }
    return {std::move(key), std::move(what), state::fine, number, binary.string()};
}

finding socket_folder() {
    const auto base = servers::choose_base({});
    if (!base) {
        return {"sockets", "room for sockets", state::missing, "none", base.error()};
    }
    struct statvfs space{};
    if (::statvfs(base->c_str(), &space) != 0) {
        return {"sockets", "room for sockets", state::missing, "unknown", base->string() + " can't be examined"};
    }
    const auto free = static_cast<std::int64_t>(space.f_bavail) * static_cast<std::int64_t>(space.f_frsize);
    constexpr std::int64_t enough = 64LL * 1024 * 1024;  // a Postgres cluster of ours takes about 40 MiB
    return {"sockets", "room for sockets", free >= enough ? state::fine : state::limited,
            render::human_bytes(free) + " free", "in " + base->string() + "; TMPDIR names another place"};
}

finding terminal() {
    if (!is_terminal(STDOUT_FILENO)) {
        return {"terminal", "terminal", state::fine, "none",
                "standard output is a file or a pipe: 80 columns, no colour"};
    }
    const bool coloured = wants_colour("auto", process_environment, true);
    return {"terminal", "terminal", state::fine,
            fmt::format("{} columns, {}", width_of(STDOUT_FILENO), coloured ? "colour" : "no colour"),
            "TERM=" + process_environment("TERM").value_or("")};
}

finding mappings() {
    std::int64_t limit = 0;
    if (!(std::ifstream{"/proc/sys/vm/max_map_count"} >> limit)) {
        return {"max_map_count", "memory mappings", state::limited, "unknown",
                "/proc/sys/vm/max_map_count can't be read"};
    }
    // A stack and its guard page are a mapping each.
    return {"max_map_count", "memory mappings", state::fine, render::grouped(limit),
            "about " + render::grouped(limit / 2) + " fibers with a guard page at a time; more run without one"};
}

finding open_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return {"open_files", "open files", state::limited, "unknown", ""};
    }
    constexpr rlim_t enough = 1024;
    return {"open_files", "open files", limit.rlim_cur >= enough ? state::fine : state::limited,
            render::grouped(static_cast<std::int64_t>(limit.rlim_cur)),
            limit.rlim_cur >= enough ? "" : "ulimit -n 1024 gives room for more connections and child processes"};
}

std::string_view word(state s) {
    switch (s) {
        case state::limited:
            return "limited";
        case state::missing:
            return "missing";
        case state::fine:
            break;
    }
    return "fine";
}

}  // namespace

std::vector<finding> examine_machine() {
    return {
        {"fiberlab", "fiberlab", state::fine, std::string{version}, ""},
        server("redis", "Redis", servers::find_redis_server(), ""),
        server("postgres", "Postgres", servers::find_postgres_bin(), "postgres"),
        socket_folder(),
        terminal(),
        {"cores", "processor cores", state::fine, std::to_string(std::thread::hardware_concurrency()), ""},
        mappings(),
        open_files(),
    };
}

std::string as_text(const std::vector<finding>& all, render::style style, std::size_t width) {
    using render::tint;
    std::size_t names = 0;
    std::size_t values = 0;
    for (const finding& each : all) {
        names = std::max(names, render::columns(each.what));
        values = std::max(values, render::columns(each.value));
    }
    std::string text;
    for (const finding& each : all) {
        const auto [mark, colour] = each.is == state::fine      ? std::pair{"✓", tint::good}
                                    : each.is == state::limited ? std::pair{"!", tint::doubtful}
                                                                : std::pair{"✗", tint::bad};
        std::string before = style.in(colour, mark) + " " + render::left(each.what, names) + "  " +
                             render::left(each.value, values) + "  ";
        const std::size_t indent = render::columns(before);
        for (const std::string& line : render::wrapped(each.hint, width > indent + 20 ? width - indent : 20)) {
            const std::string row = before + style.in(tint::dim, line);
            text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
            before = std::string(indent, ' ');
        }
    }
    const auto missing = std::ranges::count(all, state::missing, &finding::is);
    text += missing == 0 ? "\nEvery command can run here.\n"
                         : fmt::format("\n{} missing: the commands that need {} exit with 3, all others run.\n",
                                       missing, missing == 1 ? "it" : "them");
    return text;
}

std::string as_json(const std::vector<finding>& all, int indent) {
    nlohmann::ordered_json findings = nlohmann::ordered_json::object();
    for (const finding& each : all) {
        findings[each.key] = {{"state", word(each.is)}, {"value", each.value}, {"hint", each.hint}};
    }
    const nlohmann::ordered_json whole{{"schema_version", render::schema_version},
                                       {"version", version},
                                       {"command", "doctor"},
                                       {"findings", std::move(findings)}};
    return render::dumped(whole, indent) + "\n";
}

int exit_code_of(const std::vector<finding>& all) {
    const bool lacks = std::ranges::any_of(all, [](const finding& each) { return each.is == state::missing; });
    return lacks ? exit_code::back_end : exit_code::done;
}

}  // namespace fiberlab::cli
