#include "apps/fiberlab/global_options.hpp"

namespace fiberlab::cli {

using demo::option;
using demo::option_type;

const std::vector<option>& global_options() {
    static const std::vector<option> options{
        {.name = "seed",
         .type = option_type::count,
         .help = "decides every random choice; the same seed repeats a run in virtual time",
         .initial = "1"},
        {.name = "time",
         .type = option_type::choice,
         .help = "virtual, the default: at once, and the same everywhere; real input is always real",
         .choices = {"real", "virtual"}},
        {.name = "channel",
         .type = option_type::choice,
         .help = "run over Boost.Fiber's channels, where the command can, in real time",
         .initial = "own",
         .choices = {"own", "boost"}},
        {.name = "format",
         .type = option_type::choice,
         .help = "ndjson: every event on a line, the result last",
         .initial = "text",
         .choices = {"text", "json", "ndjson"}},
        {.name = "report", .type = option_type::path, .help = "write the report to FILE"},
        {.name = "events",
         .type = option_type::count,
         .help = "how many events the story tells",
         .initial = "20",
         .max = 1'000'000},
        {.name = "color",
         .type = option_type::choice,
         .help = "auto: where the output is a terminal",
         .initial = "auto",
         .choices = {"auto", "always", "never"}},
        {.name = "quiet", .type = option_type::flag, .help = "no story and no progress, only the result"},
        {.name = "verbose", .type = option_type::flag, .help = "every event: channel operations, waits, wake-ups"},
    };
    return options;
}

const std::vector<option>& global_switches() {
    static const std::vector<option> switches{
        {.name = "json", .type = option_type::flag, .help = "short for --format json"},
        {.name = "explain", .type = option_type::flag, .help = "print what the pattern is for and how it works"},
        {.name = "help", .type = option_type::flag, .help = "print this help"},
        {.name = "version", .type = option_type::flag, .help = "print the program's version"},
    };
    return switches;
}

std::string_view letter(std::string_view option_name) {
    if (option_name == "quiet") {
        return "q";
    }
    if (option_name == "verbose") {
        return "v";
    }
    return option_name == "help" ? "h" : "";
}

std::string joined_choices(const option& of) {
    std::string text;
    for (const std::string& choice : of.choices) {
        text += (text.empty() ? "" : "|") + choice;
    }
    return text;
}

std::string value_name(const option& of) {
    switch (of.type) {
        case option_type::flag:
            return "";
        case option_type::count:
            return "N";
        case option_type::duration:
            return "TIME";
        case option_type::ratio:
            return "RATIO";
        case option_type::path:
            return "FILE";
        case option_type::choice:
            if (const std::string choices = joined_choices(of); choices.size() <= 24) {
                return choices;
            }
            break;
        case option_type::text:
            break;
    }
    std::string name;
    for (const char c : of.name) {
        name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

std::string spelled(const option& of) {
    std::string text;
    if (const std::string_view short_form = letter(of.name); !short_form.empty()) {
        text = "-" + std::string{short_form} + ", ";
    }
    text += "--" + of.name;
    if (const std::string value = value_name(of); !value.empty()) {
        text += " " + value;
    }
    return text;
}

}  // namespace fiberlab::cli
