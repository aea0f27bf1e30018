#include "apps/fiberlab/completion.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "apps/fiberlab/global_options.hpp"
#include "apps/fiberlab/suggest.hpp"

namespace fiberlab::cli {

namespace {

using demo::option;
using demo::option_type;

constexpr std::string_view bash_script = R"(# fiberlab completion for bash: source <(fiberlab completion bash)
_fiberlab() {
    local word=${COMP_WORDS[COMP_CWORD]} line typed
    COMPREPLY=()
    # Bash takes --time=real apart at the =; put it together again, up to the cursor.
    local -a words=()
    local i
    for ((i = 1; i <= COMP_CWORD; i++)); do
        if ((i > 1)) && [[ ${COMP_WORDS[i]} == = || ( ${COMP_WORDS[i - 1]} == = && ${#words[@]} -gt 0 ) ]]; then
            words[${#words[@]} - 1]+=${COMP_WORDS[i]}
        else
            words+=("${COMP_WORDS[i]}")
        fi
    done
    typed=${words[${#words[@]} - 1]}
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            compopt -o default 2>/dev/null
            return
        fi
        line=${line%%$'\t'*}
        if [[ $typed == --*=* ]]; then
            line=${line#*=}
        fi
        COMPREPLY+=("$line")
    done < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
}
complete -F _fiberlab fiberlab
)";

constexpr std::string_view zsh_script = R"(#compdef fiberlab
# fiberlab completion for zsh: source <(fiberlab completion zsh)
_fiberlab() {
    local line
    local -a found
    for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        if [[ $line == :files ]]; then
            _files
            return
        fi
        [[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    _describe 'fiberlab' found
}
if (( ! $+functions[compdef] )); then
    autoload -Uz compinit && compinit
fi
compdef _fiberlab fiberlab
)";

constexpr std::string_view fish_script = R"(# fiberlab completion for fish: fiberlab completion fish | source
function __fiberlab_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] __complete $words[2..-1] 2>/dev/null)
    if test "$found" = :files
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $found
    end
end
complete -c fiberlab -f -a '(__fiberlab_complete)'
)";

// What the words before the cursor have settled.
struct context {
    std::string path;                        // "lock contend", "lock", "help"; empty: no command yet
    const demo::command* command = nullptr;  // of the path, if it is one
    bool after_dashes = false;
    std::size_t operands = 0;
    std::optional<option> open;  // the option whose value comes next
};

std::vector<option> known_options(const context& at) {
    std::vector<option> all;
    if (at.command != nullptr) {
        all = at.command->options;
    }
    std::ranges::copy(global_options(), std::back_inserter(all));
    std::ranges::copy(global_switches(), std::back_inserter(all));
    return all;
}

std::optional<option> find_option(const context& at, std::string_view word) {
    for (const option& each : known_options(at)) {
        if (word == "--" + each.name || (!letter(each.name).empty() && word == "-" + std::string{letter(each.name)})) {
            return each;
        }
    }
    return std::nullopt;
}

bool is_group(const command_list& commands, const std::string& word) {
    return std::ranges::any_of(commands, [&](const auto* each) { return each->name.starts_with(word + " "); });
}

void enter(context& at, const command_list& commands, const std::string& word) {
    const bool open = at.path.empty() || (at.command == nullptr && is_group(commands, at.path));
    if (!open || at.path == "help") {
        ++at.operands;
        return;
    }
    at.path += (at.path.empty() ? "" : " ") + word;
    const auto found = std::ranges::find(commands, at.path, &demo::command::name);
    at.command = found == commands.end() ? nullptr : *found;
}

context read(const command_list& commands, const std::vector<std::string>& words) {
    context at;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        const std::string& word = words[i];
        if (at.open) {
            at.open.reset();
        } else if (at.after_dashes) {
            ++at.operands;
        } else if (word == "--") {
            at.after_dashes = true;
        } else if (word.starts_with('-') && word.size() > 1) {
            at.open = find_option(at, word);
            if (at.open && at.open->type == option_type::flag) {
                at.open.reset();
            }
        } else {
            enter(at, commands, word);
        }
    }
    return at;
}

class answer {
public:
    explicit answer(std::string typed) : typed_{std::move(typed)} {}

    void offer(const std::string& text, const std::string& help = "") {
        if (text.starts_with(typed_) && offered_.insert(text).second) {
            made.all.push_back({text, help});
        }
    }
    void offer_values(const option& of, const std::string& before) {
        if (of.type == option_type::path) {
            made.files = true;
        }
        for (const std::string& choice : of.choices) {
            offer(before + choice);
        }
    }

    candidates made;

private:
    std::string typed_;
    std::set<std::string> offered_;
};

void offer_commands(answer& to, const context& at, const command_list& commands) {
    const std::string inside = at.path.empty() ? "" : at.path + " ";
    for (const demo::command* each : commands) {
        if (!each->name.starts_with(inside)) {
            continue;
        }
        const std::string rest = each->name.substr(inside.size());
        const std::string word = rest.substr(0, rest.find(' '));
        to.offer(word, word == rest ? each->summary : "commands on " + word + "s");
    }
    if (at.path.empty()) {
        for (const auto& [name, summary] : built_in_commands()) {
            to.offer(name, summary);
        }
    }
}

void offer_operands(answer& to, const context& at, const command_list& commands) {
    if (at.command == nullptr) {
        if (at.path.empty() || is_group(commands, at.path)) {
            offer_commands(to, at, commands);
        } else if (at.path == "help" && at.operands == 0) {
            offer_commands(to, {}, commands);
            to.offer("exit-codes", "what fiberlab ends with");
            to.offer("environment", "the variables that it reads");
        } else if (at.path == "completion" && at.operands == 0) {
            for (const char* shell : {"bash", "zsh", "fish"}) {
                to.offer(shell);
            }
        }
        return;
    }
    switch (at.command->operands) {
        case demo::operand_kind::files:
            to.made.files = true;
            break;
        case demo::operand_kind::command:
            to.made.files = at.after_dashes;
            break;
        case demo::operand_kind::words:
            for (const std::string& word : at.command->operand_words) {
                to.offer(word);
            }
            break;
        case demo::operand_kind::none:
            break;
    }
}

}  // namespace

candidates complete(const command_list& commands, const std::vector<std::string>& words) {
    const std::string typed = words.empty() ? "" : words.back();
    const context at = read(commands, words);
    answer found{typed};
    if (at.open) {
        found.offer_values(*at.open, "");
    } else if (at.after_dashes || !typed.starts_with('-')) {
        offer_operands(found, at, commands);
    } else if (const std::size_t equals = typed.find('='); equals != std::string::npos) {
        if (const auto of = find_option(at, typed.substr(0, equals))) {
            found.offer_values(*of, typed.substr(0, equals + 1));
        }
    } else {
        for (const option& each : known_options(at)) {
            found.offer("--" + each.name, each.help);
        }
    }
    return std::move(found.made);
}

std::string shell_script(const std::string& shell) {
    if (shell == "bash") {
        return std::string{bash_script};
    }
    if (shell == "zsh") {
        return std::string{zsh_script};
    }
    if (shell == "fish") {
        return std::string{fish_script};
    }
    const auto near = closest(shell, {"bash", "zsh", "fish"});
    throw bad_command_line{shell.empty() ? "which shell? bash, zsh or fish"
                                         : "there is no completion for '" + shell + "', only for bash, zsh and fish" +
                                               (near ? "; did you mean " + *near + "?" : ""),
                           "completion"};
}

}  // namespace fiberlab::cli
