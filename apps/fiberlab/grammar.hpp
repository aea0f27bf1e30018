// grammar: sorts the words of a command line into commands, options, values and the rest. The only user of CLI11.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "patterns/demo/command.hpp"

namespace fiberlab::cli {

// A word is missing or amiss: the message says which.
struct bad_words : demo::usage_error {
    using demo::usage_error::usage_error;
};

class grammar {
public:
    // Commands of two words become a command of a group: `lock contend` is `contend` of `lock`.
    grammar(const std::vector<const demo::command*>& commands, const std::vector<std::string>& built_in);
    ~grammar();
    grammar(const grammar&) = delete;
    grammar& operator=(const grammar&) = delete;

    // Throws bad_words; what was understood until then can still be asked for.
    void parse(std::vector<std::string> words);

    std::string path() const;              // of the command that was chosen: "lock contend"; empty: none
    const demo::command* command() const;  // null when it is a group or a built-in one, or none was chosen

    bool given(const std::string& global_switch) const;
    std::vector<std::string> values_of_global(const std::string& option) const;  // all that were typed, in order
    std::vector<std::string> values_of(const std::string& option) const;         // of the chosen command's option
    std::vector<std::string> rest() const;  // the words that are no option of ours, in order

private:
    struct tree;
    std::unique_ptr<tree> tree_;
};

}  // namespace fiberlab::cli
