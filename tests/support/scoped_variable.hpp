// scoped_variable: an environment variable that has another value for one scope. Only while the test has one thread.
#pragma once

#include <string>

namespace fiberlab::test {

class scoped_variable {
public:
    scoped_variable(std::string name, const std::string& value);
    scoped_variable(scoped_variable&&) = delete;
    ~scoped_variable();

private:
    std::string name_;
    std::string before_;
    bool was_set_ = false;
};

}  // namespace fiberlab::test
