#include "tests/support/scoped_variable.hpp"

#include <stdlib.h>

#include <utility>

namespace fiberlab::test {

scoped_variable::scoped_variable(std::string name, const std::string& value) : name_{std::move(name)} {
    if (const char* before = ::getenv(name_.c_str())) {
        before_ = before;
        was_set_ = true;
    }
    ::setenv(name_.c_str(), value.c_str(), 1);
}

scoped_variable::~scoped_variable() {
    if (was_set_) {
        ::setenv(name_.c_str(), before_.c_str(), 1);
    } else {
        ::unsetenv(name_.c_str());
    }
}

}  // namespace fiberlab::test
