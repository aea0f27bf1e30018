#include "apps/fiberlab/program.hpp"

#include <unistd.h>

#include <exception>

#include "apps/fiberlab/completion.hpp"
#include "apps/fiberlab/doctor.hpp"
#include "apps/fiberlab/execute.hpp"
#include "apps/fiberlab/exit_code.hpp"
#include "apps/fiberlab/help.hpp"
#include "apps/fiberlab/interrupt.hpp"
#include "apps/fiberlab/introspection.hpp"
#include "apps/fiberlab/output.hpp"
#include "apps/fiberlab/render/text.hpp"
#include "apps/fiberlab/terminal.hpp"
#include "apps/fiberlab/version.hpp"

namespace fiberlab::cli {

namespace {

using action = invocation::action;

int print(std::string_view text) {
    output out{STDOUT_FILENO};
    out.write(text);
    out.flush();
    out.check();
    return exit_code::done;
}

void complain(std::string_view what) {
    output err{STDERR_FILENO};
    err.write("fiberlab: " + std::string{what} + "\n");
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

render::style style_of(const invocation& asked) {
    return render::style{wants_colour(asked.globals.text("color"), process_environment, is_terminal(STDOUT_FILENO))};
}

int print_candidates(const std::vector<std::string>& words, const command_list& commands) {
    const candidates found = complete(commands, words);
    if (found.files && found.all.empty()) {
        return print(":files\n");
    }
    std::string text;
    for (const candidate& each : found.all) {
        text += each.text + "\t" + each.help + "\n";
    }
    return print(text);
}

int print_findings(const invocation& asked) {
    if (!asked.words.empty()) {
        throw bad_command_line{"doctor takes no operand: '" + asked.words.front() + "'", "doctor"};
    }
    const std::vector<finding> all = examine_machine();
    const std::string& format = asked.globals.text("format");
    print(format == "text" ? as_text(all, style_of(asked), width_of(STDOUT_FILENO))
                           : as_json(all, format == "json" ? 2 : -1));
    return exit_code_of(all);
}

int carry_out(const invocation& asked, const command_list& commands) {
    const help_writer help{commands, style_of(asked), width_of(STDOUT_FILENO)};
    switch (asked.what) {
        case action::overview:
            return print(help.overview());
        case action::help:
            return print(asked.words.empty() ? help.overview() : help.about(joined(asked.words)));
        case action::explain:
            return print(asked.command->explanation);
        case action::version:
            return print("fiberlab " + std::string{version} + "\n");
        case action::completion:
            return print(shell_script(joined(asked.words)));
        case action::doctor:
            return print_findings(asked);
        case action::run:
            break;
    }
    return execute(asked);
}

// About the command that was asked for, so that the hint leads to its help.
int explain_usage(const std::string& what, const std::string& about) {
    complain(what + "\nTry: fiberlab " + (about.empty() ? "help" : about + " --help"));
    return exit_code::usage;
}

int guarded(const std::vector<std::string>& arguments, const command_list& commands) {
    if (!arguments.empty() && arguments.front() == "__complete") {
        return print_candidates({arguments.begin() + 1, arguments.end()}, commands);
    }
    if (!arguments.empty() && arguments.front() == "__commands") {
        return print(described(commands));
    }
    const invocation asked = read_command_line(arguments, commands, process_environment);
    try {
        return carry_out(asked, commands);
    } catch (const bad_command_line&) {
        throw;
    } catch (const demo::usage_error& error) {
        return explain_usage(error.what(), asked.command != nullptr ? asked.command->name : "");
    }
}

}  // namespace

int run_program(const std::vector<std::string>& arguments, const command_list& commands) noexcept {
    open_missing_streams();
    ignore_closed_pipes();
    try {
        return guarded(arguments, commands);
    } catch (const bad_command_line& error) {
        return explain_usage(error.what(), error.help_about);
    } catch (const demo::backend_error& error) {
        complain(error.what());
        return exit_code::back_end;
    } catch (const demo::start_failure& error) {
        complain(error.what());
        return error.exit_code;
    } catch (const std::exception& error) {
        complain(std::string{"internal error: "} + error.what());
    } catch (...) {
        complain("internal error: something that is no std::exception was thrown");
    }
    return exit_code::internal;
}

}  // namespace fiberlab::cli
