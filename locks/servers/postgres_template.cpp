#include "locks/servers/postgres_template.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "locks/servers/cache_folder.hpp"
#include "locks/servers/tar_archive.hpp"

namespace fiberlab::servers {

namespace fs = std::filesystem;

namespace {

using namespace std::chrono_literals;

constexpr auto initdb_limit = 120s;

// To be raised when the arguments of initdb change: an archive made with others is then not used.
constexpr const char* recipe = "1";

constexpr const char* unfinished = ".half";

void remove_unfinished(const fs::path& cache) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator{cache, error}) {
        if (entry.path().extension() == unfinished) {
            fs::remove(entry.path(), error);
        }
    }
}

void empty(const fs::path& folder) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator{folder, error}) {
        fs::remove_all(entry.path(), error);
    }
}

}  // namespace

start_result<void> postgres_template::unpack_into(const fs::path& data) {
    const auto go_on = [this] { return !lab_.watch.gone(); };
    for (bool damaged_before = false;; damaged_before = true) {
        if (archive_.empty()) {
            auto found = find_or_make();
            if (!found) {
                return std::unexpected{found.error()};
            }
            archive_ = *found;
        }
        const auto unpacked = unpack(archive_, data, lab_.run_as, go_on);
        if (unpacked) {
            return {};
        }
        const int reason = errno;
        if (unpacked.error() == archive_failure::stopped) {
            return start_cancelled();
        }
        if (unpacked.error() == archive_failure::failed || damaged_before) {
            return start_failed("can't copy the Postgres template " + archive_.native() + ": " +
                                (unpacked.error() == archive_failure::failed ? std::strerror(reason) : "damaged"));
        }
        empty(data);
        std::error_code error;
        fs::remove(archive_, error);
        archive_.clear();
    }
}

start_result<fs::path> postgres_template::find_or_make() {
    const auto postgres_version = version();
    if (!postgres_version) {
        return std::unexpected{postgres_version.error()};
    }
    const std::string name = "postgres-template-" + *postgres_version + "-" + recipe + ".tar";
    std::error_code error;
    if (const auto cache = cache_folder(); cache && fs::exists(*cache / name, error)) {
        return *cache / name;
    }
    const auto data = lab_.folder.make_inner("template");
    if (!data) {
        return start_failed(data.error());
    }
    if (auto made = make_cluster(*data); !made) {
        return std::unexpected{made.error()};
    }
    auto archive = publish(*data, name);
    fs::remove_all(*data, error);
    return archive;
}

start_result<std::string> postgres_template::version() {
    // Debian's layout tells it without running anything: /usr/lib/postgresql/15/bin.
    const fs::path folder = lab_.wanted.postgres_bin.parent_path();
    if (folder.parent_path().filename() == "postgresql") {
        return folder.filename();
    }
    const fs::path log = lab_.folder.path() / "version.log";
    if (auto ran = run({.arguments = {lab_.wanted.postgres_bin / "postgres", "-V"}, .folder = "/", .log = log}); !ran) {
        return std::unexpected{ran.error()};
    }
    std::ifstream file{log};  // postgres (PostgreSQL) 15.13 (…)
    std::string program;
    std::string product;
    std::string number;
    file >> program >> product >> number;
    if (number.empty()) {
        return start_failed((lab_.wanted.postgres_bin / "postgres").native() + " -V names no version");
    }
    return number.substr(0, number.find('.'));
}

start_result<void> postgres_template::make_cluster(const fs::path& data) {
    return run({.arguments = {lab_.wanted.postgres_bin / "initdb", "-D", data, "--username=lab", "--auth-local=trust",
                              "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C", "--wal-segsize=1",
                              "--no-sync", "--no-instructions"},
                .folder = data,
                .log = lab_.folder.path() / "initdb.log"});
}

start_result<fs::path> postgres_template::publish(const fs::path& data, const std::string& name) {
    const auto go_on = [this] { return !lab_.watch.gone(); };
    std::error_code error;
    if (const auto cache = cache_folder()) {
        if (const auto lock = lock_cache(*cache)) {
            remove_unfinished(*cache);
            const fs::path half = *cache / (name + unfinished);
            const auto packed = pack(data, half, go_on);
            if (packed) {
                fs::rename(half, *cache / name, error);
            }
            if (packed && !error) {
                return *cache / name;
            }
            fs::remove(half, error);
            if (!packed && packed.error() == archive_failure::stopped) {
                return start_cancelled();
            }
        }
    }
    // No cache, a full disk, or another program is publishing: ours serves this start alone.
    fs::path own = lab_.folder.path() / name;
    if (const auto packed = pack(data, own, go_on); !packed) {
        if (packed.error() == archive_failure::stopped) {
            return start_cancelled();
        }
        return start_failed("can't write " + own.native() + ": " + std::strerror(errno));
    }
    return own;
}

start_result<void> postgres_template::run(const command& wanted) {
    const auto pid = lab_.processes.spawn(wanted);
    if (!pid) {
        return start_failed(pid.error());
    }
    const auto deadline = std::chrono::steady_clock::now() + initdb_limit;
    for (;;) {
        lab_.processes.reap();
        const auto status = lab_.processes.ended(*pid);
        if (status == 0) {
            return {};
        }
        if (status) {
            return start_failed(wanted.arguments.front() + " " + describe_status(*status), wanted.log);
        }
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left.count() <= 0) {
            return start_failed(wanted.arguments.front() + " took too long", wanted.log);
        }
        if (!lab_.watch.wait(left, {lab_.processes.fd()})) {
            return start_cancelled();
        }
    }
}

}  // namespace fiberlab::servers
