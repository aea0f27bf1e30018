// rows: what a statement returned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "locks/postgres/sql_error.hpp"

struct pg_result;  // libpq's PGresult

namespace fiberlab::locks::postgres {

class rows {
public:
    rows() noexcept = default;
    explicit rows(pg_result* owned);

    bool missing() const noexcept { return result_ == nullptr; }  // the statement has not been executed
    std::size_t size() const noexcept { return count_; }
    bool none() const noexcept { return count_ == 0; }
    rows row(std::size_t which) const;  // that one alone, or none
    std::optional<std::string_view> text(std::size_t row, std::size_t column) const noexcept;  // nullopt: NULL
    std::optional<std::int64_t> number(std::size_t row, std::size_t column) const noexcept;    // or no integer
    bool is_true(std::size_t row, std::size_t column) const noexcept { return text(row, column) == "t"; }

    bool failed() const noexcept;
    bool aborted() const noexcept;  // not executed: another statement of its batch had failed
    sql_error error() const;        // of one that failed

private:
    std::shared_ptr<pg_result> result_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

}  // namespace fiberlab::locks::postgres
