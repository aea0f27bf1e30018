// servers_support: what the tests of private servers share.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/child.hpp"
#include "tests/support/scoped_variable.hpp"
#include "tests/support/temporary_folder.hpp"

namespace fiberlab::servers {

inline constexpr std::chrono::seconds gone_limit{1};  // the promise

// Says what is missing, for the test run's summary, and is false then.
bool have_servers();

// A folder for lab folders; and one template for all tests of an executable that don't ask for their own.
struct server_test {
    server_test();

    std::unique_ptr<test::scoped_variable> shared_cache;
    test::temporary_folder folder;
};

// A program that starts servers, prints "started" and then waits to be ended. What it leaves behind is adopted.
std::unique_ptr<test::child> hold_servers(const std::filesystem::path& folder, int redis, int postgres);

bool starts_postgres(const std::filesystem::path& folder);  // and ends it again

std::size_t entries(const std::filesystem::path& folder);

// A new folder of Postgres programs, below `where`, whose initdb is a shell script.
std::filesystem::path fake_postgres(const std::filesystem::path& where, const std::string& script);

// Lets a script tell the test where it is: a line written to a named pipe, which the test holds open for reading.
class signal_pipe {
public:
    explicit signal_pipe(std::filesystem::path path);
    signal_pipe(signal_pipe&&) = delete;
    ~signal_pipe();

    std::string script_line() const { return "echo here > " + path_.native() + "\n"; }
    bool wait() const;  // for a minute at most

private:
    std::filesystem::path path_;
    int fd_ = -1;
};

}  // namespace fiberlab::servers
