#include "locks/backends/open_locks.hpp"

#include <array>
#include <utility>

#include "locks/memory/memory_locks.hpp"
#include "locks/postgres/postgres_locks.hpp"
#include "locks/redis/redis_locks.hpp"

namespace fiberlab::locks {

namespace {

constexpr std::array kinds{backend_kind::memory, backend_kind::redis, backend_kind::postgres,
                           backend_kind::postgres_xact};

}  // namespace

std::string_view to_string(backend_kind kind) noexcept {
    switch (kind) {
        case backend_kind::memory:
            return "memory";
        case backend_kind::redis:
            return "redis";
        case backend_kind::postgres:
            return "postgres";
        case backend_kind::postgres_xact:
            return "postgres-xact";
    }
    return "?";
}

std::expected<backend_kind, std::string> backend_by_name(std::string_view text) {
    std::string known;
    for (const backend_kind kind : kinds) {
        if (to_string(kind) == text) {
            return kind;
        }
        known += (known.empty() ? "" : ", ") + std::string{to_string(kind)};
    }
    return std::unexpected{"there is no lock back end \"" + std::string{text} + "\"; there are " + known};
}

std::expected<backend_kind, std::string> backend_of_url(std::string_view url) {
    constexpr std::array<std::pair<std::string_view, backend_kind>, 6> schemes{{
        {"memory:", backend_kind::memory},
        {"redis://", backend_kind::redis},
        {"unix://", backend_kind::redis},
        {"redis+unix://", backend_kind::redis},
        {"postgres://", backend_kind::postgres},
        {"postgresql://", backend_kind::postgres},
    }};
    for (const auto& [prefix, kind] : schemes) {
        if (url.starts_with(prefix)) {
            return kind;
        }
    }
    return std::unexpected{"\"" + std::string{url} +
                           "\" is no URL of a lock back end: it begins with memory:, redis://, unix:// or postgres://"};
}

std::expected<std::unique_ptr<lock_manager>, lock_error> open_locks(backend_kind kind, const std::string& url) {
    switch (kind) {
        case backend_kind::redis:
            return connect_redis(url, {});
        case backend_kind::postgres:
            return connect_postgres(url, {});
        case backend_kind::postgres_xact:
            return connect_postgres(url, {.transaction_level = true});
        case backend_kind::memory:
            break;
    }
    return make_memory_locks();
}

}  // namespace fiberlab::locks
