#include "apps/fiberlab/grammar.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "apps/fiberlab/global_options.hpp"

namespace fiberlab::cli {

namespace {

void add(CLI::App& to, const demo::option& each) {
    std::string names = "--" + each.name;
    if (const std::string_view short_form = letter(each.name); !short_form.empty()) {
        names = "-" + std::string{short_form} + "," + names;
    }
    CLI::Option* added = each.type == demo::option_type::flag ? to.add_flag(names) : to.add_option(names);
    // All that was typed is kept here; demo::parameters decides what several values mean.
    added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace

struct grammar::tree {
    CLI::App root;
    std::map<std::string, CLI::App*> groups;
    std::map<const CLI::App*, const demo::command*> commands;

    CLI::App* make_node(const std::string& name) {
        const std::size_t blank = name.find(' ');
        if (blank == std::string::npos) {
            return root.add_subcommand(name);
        }
        CLI::App*& parent = groups[name.substr(0, blank)];
        if (parent == nullptr) {
            parent = root.add_subcommand(name.substr(0, blank));
            parent->require_subcommand(0, 1);
        }
        return parent->add_subcommand(name.substr(blank + 1));
    }

    // As far as a parse came.
    const CLI::App& chosen() const {
        const CLI::App* at = &root;
        while (!at->get_subcommands().empty()) {
            at = at->get_subcommands().front();
        }
        return *at;
    }
};

grammar::grammar(const std::vector<const demo::command*>& commands, const std::vector<std::string>& built_in)
    : tree_{std::make_unique<tree>()} {
    CLI::App& root = tree_->root;
    root.set_help_flag();
    // Before any subcommand is added, which inherits both: an option that the subcommand does not know is then looked
    // for here, so that `--seed 5` may follow the command.
    root.fallthrough();
    root.allow_extras();
    root.require_subcommand(0, 1);
    for (const demo::option& each : global_options()) {
        add(root, each);
    }
    for (const demo::option& each : global_switches()) {
        add(root, each);
    }
    for (const demo::command* each : commands) {
        CLI::App* const node = tree_->make_node(each->name);
        tree_->commands[node] = each;
        for (const demo::option& of : each->options) {
            add(*node, of);
        }
    }
    for (const std::string& name : built_in) {
        root.add_subcommand(name);
    }
}

grammar::~grammar() = default;

void grammar::parse(std::vector<std::string> words) {
    std::ranges::reverse(words);  // as CLI11 takes a vector
    try {
        tree_->root.parse(words);
    } catch (const CLI::ArgumentMismatch& error) {
        // "--items: 1 required TEXT missing"
        const std::string what = error.what();
        throw bad_words{what.substr(0, what.find(':')) + " needs a value"};
    } catch (const CLI::ParseError& error) {
        throw bad_words{error.what()};
    }
}

std::string grammar::path() const {
    std::string text;
    for (const CLI::App* at = &tree_->chosen(); at != &tree_->root; at = at->get_parent()) {
        text = text.empty() ? at->get_name() : at->get_name() + " " + text;
    }
    return text;
}

const demo::command* grammar::command() const {
    const auto found = tree_->commands.find(&tree_->chosen());
    return found == tree_->commands.end() ? nullptr : found->second;
}

bool grammar::given(const std::string& global_switch) const {
    return tree_->root.count("--" + global_switch) > 0;
}

std::vector<std::string> grammar::values_of_global(const std::string& option) const {
    return tree_->root.get_option("--" + option)->results();
}

std::vector<std::string> grammar::values_of(const std::string& option) const {
    return tree_->chosen().get_option("--" + option)->results();
}

std::vector<std::string> grammar::rest() const {
    return tree_->root.remaining(true);
}

}  // namespace fiberlab::cli
