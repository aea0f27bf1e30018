#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "locks/servers/servers.hpp"
#include "tests/locks/servers_support.hpp"
#include "tests/support/child.hpp"
#include "tests/support/files.hpp"
#include "tests/support/scoped_variable.hpp"

namespace fs = std::filesystem;

namespace fiberlab::servers {

TEST_CASE_FIXTURE(server_test,
                  "two programs that make the template at once both start, and one whole template is kept") {
    if (!have_servers()) {
        return;
    }
    const test::temporary_folder cache;
    const test::scoped_variable own_cache{"XDG_CACHE_HOME", cache.path()};
    {
        const auto one = hold_servers(folder.path(), 0, 1);
        const auto other = hold_servers(folder.path(), 0, 1);
        CHECK(one->wait_for_output("started"));
        CHECK(other->wait_for_output("started"));
    }
    CHECK(test::no_child_left(gone_limit));
    CHECK(entries(cache.path() / "fiberlab") == 1);

    const test::temporary_folder programs;
    const test::scoped_variable bin{"FIBERLAB_POSTGRES_BIN", fake_postgres(programs.path(), "exit 1\n")};
    const auto third = private_servers::start({.postgres = 1, .folder = folder.path()});
    CHECK_MESSAGE(third, third.error().message);
}

TEST_CASE_FIXTURE(server_test, "a half-made or damaged template is thrown away and made anew") {
    if (!have_servers()) {
        return;
    }
    const test::temporary_folder cache;
    const test::scoped_variable own_cache{"XDG_CACHE_HOME", cache.path()};
    REQUIRE(starts_postgres(folder.path()));
    REQUIRE(entries(cache.path() / "fiberlab") == 1);
    const fs::path archive = *fs::directory_iterator{cache.path() / "fiberlab"};
    const auto whole = fs::file_size(archive);
    constexpr std::uintmax_t block = 512;
    constexpr std::uintmax_t end_mark = 2 * block;
    for (const auto cut : {whole / 2 / block * block, end_mark}) {
        CAPTURE(cut);
        fs::resize_file(archive, whole - cut);
        test::write_file(archive.native() + ".half", "left by a program that was killed");
        const auto started = private_servers::start({.postgres = 1, .folder = folder.path()});
        CHECK_MESSAGE(started, started.error().message);
        CHECK(fs::file_size(archive) == whole);
        CHECK(entries(cache.path() / "fiberlab") == 1);
    }
}

TEST_CASE_FIXTURE(server_test, "Postgres starts without a cache folder too") {
    if (!have_servers()) {
        return;
    }
    const test::temporary_folder cache;
    test::write_file(cache.path() / "file", "");
    const test::scoped_variable no_folder{"XDG_CACHE_HOME", cache.path() / "file"};
    const auto started = private_servers::start({.postgres = 1, .folder = folder.path()});
    CHECK_MESSAGE(started, started.error().message);
}

}  // namespace fiberlab::servers
