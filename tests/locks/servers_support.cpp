#include "tests/locks/servers_support.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "locks/servers/binaries.hpp"
#include "locks/servers/servers.hpp"
#include "tests/support/child_role.hpp"
#include "tests/support/files.hpp"
#include "tests/support/readable.hpp"

namespace fiberlab::servers {

namespace fs = std::filesystem;

namespace {

constexpr const char* holder_role = "__hold-servers";

int hold(int argc, char** argv) {
    if (argc != 5) {
        return 2;
    }
    const auto started =
        private_servers::start({.redis = std::stoi(argv[3]), .postgres = std::stoi(argv[4]), .folder = argv[2]});
    std::puts(started ? "started" : started.error().message.c_str());
    std::fflush(stdout);
    for (;;) {
        ::pause();
    }
}

const test::child_role holder{holder_role, hold};

}  // namespace

bool have_servers() {
    const auto redis = find_redis_server();
    const auto postgres = find_postgres_bin();
    if (!redis || !postgres) {
        std::cout << "cannot run: a test of private servers: "
                  << (redis ? postgres.error().message : redis.error().message) << '\n';
    }
    return redis && postgres;
}

server_test::server_test() {
    static const test::temporary_folder shared;
    shared_cache = std::make_unique<test::scoped_variable>("XDG_CACHE_HOME", shared.path());
}

std::unique_ptr<test::child> hold_servers(const fs::path& folder, int redis, int postgres) {
    test::adopt_orphans();
    test::launch how{
        .arguments = {"/proc/self/exe", holder_role, folder, std::to_string(redis), std::to_string(postgres)},
        .environment = {}};
    if (const char* bin = std::getenv("FIBERLAB_POSTGRES_BIN")) {
        how.environment.emplace_back("FIBERLAB_POSTGRES_BIN", bin);
    }
    return std::make_unique<test::child>(std::move(how));
}

bool starts_postgres(const fs::path& folder) {
    const auto started = private_servers::start({.postgres = 1, .folder = folder});
    return started.has_value();
}

std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator{folder}, fs::directory_iterator{}));
}

fs::path fake_postgres(const fs::path& where, const std::string& script) {
    const fs::path real = find_postgres_bin().value();
    const fs::path bin = where / "postgresql" / real.parent_path().filename() / "bin";
    fs::create_directories(bin);
    for (const fs::path& folder : {bin, bin.parent_path(), where / "postgresql"}) {
        fs::permissions(folder, fs::perms{0755});
    }
    fs::create_symlink(real / "postgres", bin / "postgres");
    test::write_file(bin / "initdb", "#!/bin/sh\n" + script);
    fs::permissions(bin / "initdb", fs::perms{0755});
    return bin;
}

signal_pipe::signal_pipe(fs::path path) : path_{std::move(path)} {
    // For a writer of another account, whatever our umask.
    if (::mkfifo(path_.c_str(), 0600) != 0 || ::chmod(path_.c_str(), 0622) != 0) {
        throw std::runtime_error{"no named pipe"};
    }
    fd_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

signal_pipe::~signal_pipe() {
    ::close(fd_);
}

bool signal_pipe::wait() const {
    return test::readable(fd_, std::chrono::minutes{1});
}

}  // namespace fiberlab::servers
