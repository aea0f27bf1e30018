// help: everything that fiberlab says about itself, made from the command and option tables.
#pragma once

#include <string>
#include <vector>

#include "apps/fiberlab/command_line.hpp"
#include "apps/fiberlab/render/style.hpp"

namespace fiberlab::cli {

class help_writer {
public:
    help_writer(const command_list& commands, render::style style, std::size_t width)
        : commands_{commands}, style_{style}, width_{width} {}

    std::string overview() const;                           // of `fiberlab` alone
    std::string about(const std::string& topic) const;      // throws bad_command_line for a topic that isn't there
    std::string about(const demo::command& command) const;  // of `fiberlab tee --help`

private:
    struct row {
        std::string left;
        std::string right;
    };

    std::string heading(std::string_view text) const;
    std::string rows(const std::vector<row>& all) const;
    std::string table(const std::vector<demo::option>& options) const;
    std::size_t name_width() const;
    std::string command_rows(const std::vector<const demo::command*>& of) const;
    std::string all_in_groups() const;
    std::string group(const std::string& first_word) const;
    std::string exit_codes() const;
    std::string variables() const;
    std::string built_in(const std::string& name) const;

    const command_list& commands_;
    render::style style_;
    std::size_t width_;
};

}  // namespace fiberlab::cli
