// parameters: the values of a command's options in one run, defaults included, checked against their table.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "patterns/core/time.hpp"
#include "patterns/demo/option.hpp"

namespace fiberlab::demo {

// The user asked for something that can't be: exit 2. The message says what, where and what to do instead.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A server can't be reached or started: exit 3.
struct backend_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A program that the user gave can't be started: exit 127 (not found), 126 (not executable) or 125 (our own failure).
struct start_failure : std::runtime_error {
    start_failure(const std::string& what, int code) : std::runtime_error{what}, exit_code{code} {}
    int exit_code;
};

class parameters {
public:
    // All defaults. Throws std::logic_error when a default does not fit its own option: a mistake in the table.
    explicit parameters(const std::vector<option>& table);

    // Sets one option from what the user typed; the second call for a repeated option appends.
    // Throws usage_error for a value that does not parse or is out of range; `from` says in its message where the value
    // was read, when that was not the command line: "FIBERLAB_ITEMS".
    void set(std::string_view option_name, std::string_view typed, std::string_view from = {});

    // Asking for an option that the table lacks, or by another type, is a std::logic_error. One that was neither given
    // nor has a default reads as 0, false, "" or {}.
    std::int64_t count(std::string_view option_name) const;
    fiberlab::duration duration(std::string_view option_name) const;
    double ratio(std::string_view option_name) const;
    bool flag(std::string_view option_name) const;
    const std::string& text(std::string_view option_name) const;               // text, choice, path
    const std::vector<std::string>& list(std::string_view option_name) const;  // of a repeated option
    const std::string& origin(std::string_view option_name) const;  // where it was given: "--items", "FIBERLAB_ITEMS"
    const std::string& shown(std::string_view option_name) const;   // of any type: as typed, or its default
    bool given(std::string_view option_name) const;                 // by the user, not by default
    bool has_value(std::string_view option_name) const;             // given or by default

    const std::vector<option>& table() const noexcept { return table_; }

private:
    struct slot {
        bool given = false;
        std::string origin;
        std::int64_t number = 0;
        double real = 0;
        std::vector<std::string> texts;
    };
    const option& find(std::string_view option_name) const;
    const slot& slot_of(std::string_view option_name, std::initializer_list<option_type> types) const;
    static void store(slot& into, const option& as, std::string_view text);

    std::vector<option> table_;
    std::map<std::string, slot, std::less<>> slots_;
};

// "250ms", "1m30s" → nanoseconds; "10k" → 10,000; "5%" → 0.05. They throw usage_error with what is wrong.
fiberlab::duration parse_duration(std::string_view text);
std::int64_t parse_count(std::string_view text);
double parse_ratio(std::string_view text);

}  // namespace fiberlab::demo
