#include "locks/servers/binaries.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace fiberlab::servers {

namespace fs = std::filesystem;

namespace {

std::optional<std::string> environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') {
        return std::nullopt;
    }
    return value;
}

bool is_program(const fs::path& file) {
    std::error_code error;
    return fs::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0;
}

bool is_postgres_bin(const fs::path& folder) {
    return is_program(folder / "postgres") && is_program(folder / "initdb");
}

std::optional<fs::path> on_path(std::string_view program) {
    const std::string path = environment("PATH").value_or("");
    for (std::string_view rest = path; !rest.empty();) {
        const std::size_t colon = rest.find(':');
        const fs::path folder = rest.substr(0, colon);
        rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
        if (folder.is_absolute() && is_program(folder / program)) {
            return folder / program;
        }
    }
    return std::nullopt;
}

std::optional<fs::path> highest_debian_postgres() {
    std::optional<fs::path> best;
    int best_version = -1;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator{"/usr/lib/postgresql", error}) {
        const std::string name = entry.path().filename();
        int version = -1;
        std::from_chars(name.data(), name.data() + name.size(), version);
        if (version > best_version && is_postgres_bin(entry.path() / "bin")) {
            best = entry.path() / "bin";
            best_version = version;
        }
    }
    return best;
}

std::unexpected<start_error> missing(std::string_view what, std::string_view package) {
    return std::unexpected{start_error{start_failure::missing_binary,
                                       std::string{what} + ": install the Debian package " + std::string{package} +
                                           ", or give the address of a running server with --url"}};
}

}  // namespace

std::expected<fs::path, start_error> find_redis_server() {
    if (const auto named = environment("FIBERLAB_REDIS_SERVER")) {
        if (is_program(*named)) {
            return fs::absolute(*named);
        }
        return missing("FIBERLAB_REDIS_SERVER names no program (" + *named + ")", "redis-server");
    }
    if (auto found = on_path("redis-server")) {
        return *found;
    }
    return missing("redis-server was not found", "redis-server");
}

std::expected<fs::path, start_error> find_postgres_bin() {
    if (const auto named = environment("FIBERLAB_POSTGRES_BIN")) {
        if (is_postgres_bin(*named)) {
            return fs::absolute(*named);
        }
        return missing("FIBERLAB_POSTGRES_BIN names no folder with postgres and initdb (" + *named + ")", "postgresql");
    }
    if (const auto found = on_path("postgres")) {
        // A link on the PATH leads to the folder that holds the rest.
        std::error_code error;
        const fs::path real = fs::canonical(*found, error);
        if (!error && is_postgres_bin(real.parent_path())) {
            return real.parent_path();
        }
    }
    if (auto found = highest_debian_postgres()) {
        return *found;
    }
    return missing("Postgres was not found", "postgresql");
}

}  // namespace fiberlab::servers
