#include "locks/postgres/rows.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>

namespace fiberlab::locks::postgres {

rows::rows(pg_result* owned) : result_{owned, &PQclear}, count_{static_cast<std::size_t>(PQntuples(owned))} {}

rows rows::row(std::size_t which) const {
    rows one{*this};
    one.first_ = first_ + std::min(which, count_);
    one.count_ = which < count_ ? 1 : 0;
    return one;
}

std::optional<std::string_view> rows::text(std::size_t row, std::size_t column) const noexcept {
    const int at_row = static_cast<int>(first_ + row);
    const int at_column = static_cast<int>(column);
    if (row >= size() || at_column >= PQnfields(result_.get()) || PQgetisnull(result_.get(), at_row, at_column) != 0) {
        return std::nullopt;
    }
    return std::string_view{PQgetvalue(result_.get(), at_row, at_column),
                            static_cast<std::size_t>(PQgetlength(result_.get(), at_row, at_column))};
}

std::optional<std::int64_t> rows::number(std::size_t row, std::size_t column) const noexcept {
    const std::optional<std::string_view> digits = text(row, column);
    std::int64_t value = 0;
    if (!digits.has_value() ||
        std::from_chars(digits->data(), digits->data() + digits->size(), value).ec != std::errc{}) {
        return std::nullopt;
    }
    return value;
}

bool rows::failed() const noexcept {
    const ExecStatusType how = PQresultStatus(result_.get());
    return how != PGRES_TUPLES_OK && how != PGRES_COMMAND_OK;
}

bool rows::aborted() const noexcept {
    return PQresultStatus(result_.get()) == PGRES_PIPELINE_ABORTED;
}

sql_error rows::error() const {
    const auto field = [this](int which) {
        const char* const text = PQresultErrorField(result_.get(), which);
        return std::string{text != nullptr ? text : ""};
    };
    sql_error why{.state = field(PG_DIAG_SQLSTATE), .message = one_line(field(PG_DIAG_MESSAGE_PRIMARY))};
    if (aborted()) {
        why.message = "not executed, for a statement before it had failed";
    } else if (why.message.empty()) {
        why.message = one_line(PQresultErrorMessage(result_.get()));
    }
    if (sqlstate::ends_session(why.state)) {
        why.why = lock_failure::disconnected;
    }
    return why;
}

std::string one_line(std::string_view words) {
    std::string line;
    for (const char c : words) {
        const bool blank = c == '\n' || c == '\t' || c == ' ';
        if (!blank) {
            line += c;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    if (line.ends_with(' ')) {
        line.pop_back();
    }
    return line;
}

}  // namespace fiberlab::locks::postgres
