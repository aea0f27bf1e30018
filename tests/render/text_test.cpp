#include "apps/fiberlab/render/text.hpp"

#include <doctest/doctest.h>

#include "apps/fiberlab/render/style.hpp"

namespace fiberlab::render {

TEST_CASE("a character takes the columns that a terminal gives it") {
    CHECK(columns("") == 0);
    CHECK(columns("tee") == 3);
    CHECK(columns("µs …") == 4);
    CHECK(columns("日本語") == 6);
    CHECK(columns("e\u0301") == 1);
    CHECK(columns("🐢!") == 3);
    CHECK(columns("👩\u200d🚀") == 4);
}

TEST_CASE("colour takes no columns") {
    const style coloured{true};
    CHECK(columns(coloured.in(tint::bad, "broken")) == 6);
    CHECK(left(coloured.in(tint::bold, "ab"), 4) == "\033[1mab\033[0m  ");
}

TEST_CASE("padding counts columns, not bytes") {
    CHECK(left("日本", 6) == "日本  ");
    CHECK(right("µs", 4) == "  µs");
    CHECK(left("longer", 3) == "longer");
}

TEST_CASE("what could steer a terminal is made visible") {
    CHECK(printable("red \033[31mtext\033[0m") == "red �[31mtext�[0m");
    CHECK(printable("a\tb\nc") == "a b c");
    CHECK(printable("bell\a, delete\x7f") == "bell�, delete�");
    CHECK(printable("\u009b2J") == "�2J");
    CHECK(printable("日本語 µ") == "日本語 µ");
}

TEST_CASE("bytes that are no UTF-8 are replaced one by one") {
    CHECK(printable("\xff\xfe!") == "��!");
    CHECK(printable("cut \xe6\x97") == "cut ��");
    CHECK(printable("\xc0\x80") == "��");
    CHECK(printable("\xed\xa0\x80") == "���");
}

TEST_CASE("text is broken at blanks, within the width") {
    CHECK(wrapped("one two three", 7) == std::vector<std::string>{"one two", "three"});
    CHECK(wrapped("one two three", 80) == std::vector<std::string>{"one two three"});
    CHECK(wrapped("日本 日本 日本", 9) == std::vector<std::string>{"日本 日本", "日本"});
    CHECK(wrapped("incomprehensible it is", 5) == std::vector<std::string>{"incomprehensible", "it is"});
    CHECK(wrapped("", 10) == std::vector<std::string>{""});
}

TEST_CASE("what is glued stays on a line") {
    CHECK(wrapped("it took " + glued("16.69 ms"), 12) == std::vector<std::string>{"it took", "16.69 ms"});
    CHECK(wrapped("it took 16.69 ms", 13) == std::vector<std::string>{"it took 16.69", "ms"});
}

TEST_CASE("without colour a style adds nothing") {
    const style plain{false};
    CHECK(plain.in(tint::bad, "broken") == "broken");
    CHECK(plain.of_fiber(3, "worker") == "worker");
}

TEST_CASE("a fiber keeps its colour") {
    const style coloured{true};
    CHECK(coloured.of_fiber(1, "x") == coloured.of_fiber(1, "x"));
    CHECK(coloured.of_fiber(1, "x") != coloured.of_fiber(2, "x"));
}

}  // namespace fiberlab::render
