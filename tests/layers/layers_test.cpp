#include "tests/layers/layers.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/paths.hpp"

using fiberlab::test::check_layers;
using fiberlab::test::str;

namespace {

namespace fs = std::filesystem;

// A small source tree in a temporary folder, gone with the object.
class planted_tree {
public:
    planted_tree() {
        std::string path = (fs::temp_directory_path() / "fiberlab-layers-XXXXXX").string();
        REQUIRE(::mkdtemp(path.data()) != nullptr);
        root_ = path;
    }
    ~planted_tree() { fs::remove_all(root_); }
    planted_tree(const planted_tree&) = delete;
    planted_tree& operator=(const planted_tree&) = delete;

    void file(const std::string& path, const std::string& text) {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream{root_ / path} << text;
    }
    const fs::path& root() const { return root_; }

private:
    fs::path root_;
};

// The violations in a tree of this one file, one a line.
std::string violations_of(const std::string& path, const std::string& text) {
    planted_tree tree;
    tree.file(path, text);
    std::string all;
    for (const auto& found : check_layers(tree.root())) {
        all += str(found) + "\n";
    }
    return all;
}

std::string include_line(const std::string& target) {
    return "#include " + target + "\n";
}

}  // namespace

TEST_CASE("the tree keeps its layers") {
    for (const auto& found : check_layers(fiberlab::test::source_tree())) {
        FAIL_CHECK(str(found));
    }
}

TEST_CASE("a violation is named by file, line and reason") {
    CHECK(violations_of("patterns/tee/tee.hpp", "#pragma once\n\n#include \"locks/core/lease.hpp\"\n") ==
          "patterns/tee/tee.hpp:3: includes \"locks/core/lease.hpp\": patterns never include locks\n");
}

TEST_CASE("each include that crosses the layers is found") {
    struct planted {
        std::string path;
        std::string target;
    };
    const std::vector<planted> crossings{
        {"patterns/core/channel.hpp", "\"patterns/demo/report.hpp\""},
        {"patterns/core/channel.hpp", "\"patterns/tee/tee.hpp\""},
        {"patterns/core/channel.hpp", "\"locks/core/lease.hpp\""},
        {"patterns/core/runtime/clock.cpp", "\"apps/fiberlab/exit_code.hpp\""},
        {"patterns/demo/report.cpp", "\"patterns/tee/tee.hpp\""},
        {"patterns/tee/tee.hpp", "\"patterns/demo/command.hpp\""},
        {"patterns/tee/tee.cpp", "\"explanations/tee.hpp\""},
        {"patterns/tee/tee.hpp", "\"tests/support/paths.hpp\""},
        {"patterns/tee/tee.hpp", "\"tee.hpp\""},
        {"patterns/tee/tee.hpp", "<boost/fiber/mutex.hpp>"},
        {"patterns/tee/demo.cpp", "<boost/context/fiber.hpp>"},
        {"patterns/tee/demo.cpp", "\"locks/memory/keyed_mutex.hpp\""},
        {"patterns/tee/demo.cpp", "\"apps/fiberlab/commands.hpp\""},
        {"patterns/tee/demo.cpp", "<CLI/CLI.hpp>"},
        {"locks/memory/keyed_mutex.hpp", "\"patterns/tee/tee.hpp\""},
        {"locks/memory/keyed_mutex.hpp", "\"patterns/demo/report.hpp\""},
        {"locks/memory/keyed_mutex.cpp", "\"apps/fiberlab/commands.hpp\""},
        {"locks/memory/keyed_mutex.cpp", "<hiredis/hiredis.h>"},
        {"locks/redis/connection.hpp", "<hiredis/async.h>"},
        {"locks/redis/connection.cpp", "<pqxx/pqxx>"},
        {"locks/postgres/session.hpp", "<libpq-fe.h>"},
        {"locks/postgres/session.hpp", "<postgresql/libpq-fe.h>"},
        {"apps/fiberlab/doctor.cpp", "<hiredis/hiredis.h>"},
        {"apps/fiberlab/doctor.cpp", "<boost/fiber/all.hpp>"},
        {"apps/fiberlab/doctor.cpp", "\"tests/support/paths.hpp\""},
    };
    for (const auto& [path, target] : crossings) {
        CAPTURE(path);
        CAPTURE(target);
        CHECK(violations_of(path, include_line(target)).starts_with(path + ":1: includes "));
    }
}

TEST_CASE("includes that follow the layers pass") {
    struct planted {
        std::string path;
        std::string target;
    };
    const std::vector<planted> allowed{
        {"patterns/core/channel.cpp", "<boost/fiber/context.hpp>"},
        {"patterns/core/channel.cpp", "\"patterns/core/runtime/clock.hpp\""},
        {"patterns/demo/latency.cpp", "<boost/histogram.hpp>"},
        {"patterns/tee/tee.hpp", "\"patterns/core/channel.hpp\""},
        {"patterns/tee/tee.hpp", "\"patterns/or_done/or_done.hpp\""},
        {"patterns/tee/demo.cpp", "\"patterns/demo/command.hpp\""},
        {"patterns/tee/demo.cpp", "\"explanations/tee.hpp\""},
        {"locks/redis/connection.cpp", "<hiredis/async.h>"},
        {"locks/redis/connection.cpp", "\"locks/core/lease.hpp\""},
        {"locks/postgres/session.cpp", "<libpq-fe.h>"},
        {"locks/contention/demo.cpp", "\"patterns/demo/command.hpp\""},
        {"locks/contention/demo.cpp", "\"locks/redis/backend.hpp\""},
        {"apps/fiberlab/main.cpp", "<CLI/CLI.hpp>"},
        {"apps/fiberlab/main.cpp", "\"apps/fiberlab/commands.hpp\""},
    };
    for (const auto& [path, target] : allowed) {
        CAPTURE(path);
        CAPTURE(target);
        CHECK(violations_of(path, include_line(target)).empty());
    }
}

TEST_CASE("a folder of locks with a demo may know what a demo is, in all its files") {
    planted_tree tree;
    tree.file("locks/contention/demo.cpp", "");
    tree.file("locks/contention/workload.hpp", include_line("\"patterns/demo/report.hpp\""));
    CHECK(check_layers(tree.root()).empty());
}

TEST_CASE("an include is found however it is spaced") {
    CHECK(!violations_of("patterns/tee/tee.hpp", "  #  include\t<CLI/CLI.hpp>  // for options\n").empty());
}

TEST_CASE("printing below apps is found") {
    CHECK(violations_of("patterns/tee/demo.cpp", "\nvoid f() { fmt::print(\"x\"); }\n") ==
          "patterns/tee/demo.cpp:2: uses fmt::print: only apps prints\n");
    CHECK(!violations_of("locks/core/history.cpp", "std::cerr << 1;\n").empty());
    CHECK(violations_of("patterns/tee/demo.cpp", "// fmt::print would be wrong here\n").empty());
    CHECK(violations_of("apps/fiberlab/main.cpp", "void f() { fmt::print(\"x\"); }\n").empty());
}

TEST_CASE("a tree without sources is an error, not a pass") {
    const planted_tree tree;
    CHECK_THROWS_AS(check_layers(tree.root()), fs::filesystem_error);
}
