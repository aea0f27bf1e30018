#include <array>

#include "patterns/core/byte_stream.hpp"
#include "tests/fakelab/commands.hpp"

namespace fiberlab::test {

namespace {

// False when the reader of standard output has gone.
bool copy_file(const std::string& path, byte_writer& out, std::int64_t& bytes, const stop_token& stop) {
    auto in = byte_reader::open(path);
    if (!in) {
        throw demo::usage_error{in.error()};
    }
    std::array<char, 65536> piece{};
    while (const auto got = in->read(piece, stop)) {
        if (*got == 0) {
            break;
        }
        if (const auto written = out.write({piece.data(), *got}, stop); !written) {
            return written.error().how != status::closed;
        }
        bytes += static_cast<std::int64_t>(*got);
    }
    return true;
}

demo::report run_copy(const demo::stage& on) {
    demo::report done;
    std::int64_t bytes = 0;
    byte_writer out{1};
    std::vector<std::string> files = on.operands;
    if (on.options.has_value("input")) {
        files.push_back(on.options.text("input"));
    }
    for (const std::string& file : files) {
        on.tell("copy", name::of(file));
        if (!copy_file(file, out, bytes, on.stop)) {
            done.output_closed = true;
        }
    }
    done.count("read_bytes", bytes);
    done.check("what was read was written", true, 1);
    return done;
}

}  // namespace

const demo::command& copy() {
    static const demo::command made{
        .name = "copy",
        .in = demo::group::flow,
        .summary = "copies files to standard output",
        .options = {demo::input()},
        .examples = {{.arguments = "copy", .shows = "nothing to copy"},
                     {.arguments = "copy --input -", .shows = "copies what it is given", .stdin_text = "one\ntwo\n"}},
        .explanation = "# copy\n\nIt exists for tests.\n",
        .operands = demo::operand_kind::files,
        .real_input =
            [](const demo::parameters& options, const std::vector<std::string>& operands) {
                return options.has_value("input") || !operands.empty();
            },
        .run = run_copy};
    return made;
}

}  // namespace fiberlab::test
