#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <new>
#include <string>

#include "patterns/pipeline/text/engine.hpp"

namespace fiberlab::pipeline_text {

namespace {

template <auto Free>
struct freed_by {
    void operator()(auto* p) const noexcept { Free(p); }
};

using compile_context = std::unique_ptr<pcre2_compile_context, freed_by<pcre2_compile_context_free>>;
using match_context = std::unique_ptr<pcre2_match_context, freed_by<pcre2_match_context_free>>;
using match_data = std::unique_ptr<pcre2_match_data, freed_by<pcre2_match_data_free>>;
using jit_stack = std::unique_ptr<pcre2_jit_stack, freed_by<pcre2_jit_stack_free>>;
using code = std::unique_ptr<pcre2_code, freed_by<pcre2_code_free>>;

template <typename Pointer>
Pointer some(Pointer p) {
    if (!p) {
        throw std::bad_alloc{};
    }
    return p;
}

PCRE2_SPTR units(std::string_view text) noexcept {
    return reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data());
}

class pcre2_engine final : public backtracking_engine {
public:
    explicit pcre2_engine(code compiled)
        : code_{std::move(compiled)},
          data_{some(match_data{pcre2_match_data_create_from_pattern(code_.get(), nullptr)})},
          context_{some(match_context{pcre2_match_context_create(nullptr)})} {
        constexpr std::uint32_t interpreter_kib = 8 * 1024;
        pcre2_set_heap_limit(context_.get(), interpreter_kib);
        if (pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE) == 0) {
            // Without a stack of its own, compiled code takes 32 KiB of the caller's.
            constexpr std::size_t first = std::size_t{32} << 10;
            constexpr std::size_t most = std::size_t{512} << 10;
            stack_ = some(jit_stack{pcre2_jit_stack_create(first, most, nullptr)});
            pcre2_jit_stack_assign(context_.get(), nullptr, stack_.get());
        }
    }

    bool compiled() const noexcept override { return stack_ != nullptr; }

    int groups() const noexcept override {
        std::uint32_t count = 0;
        pcre2_pattern_info(code_.get(), PCRE2_INFO_CAPTURECOUNT, &count);
        return static_cast<int>(count);
    }

    void limit_steps(std::uint32_t steps) noexcept override { pcre2_set_match_limit(context_.get(), steps); }

    found search(std::string_view text, std::size_t from, int /*wanted*/) override {
        const auto match = compiled() ? &pcre2_jit_match : &pcre2_match;
        const int result = match(code_.get(), units(text), text.size(), from, 0, data_.get(), context_.get());
        if (result >= 0) {
            return found::yes;
        }
        return result == PCRE2_ERROR_NOMATCH ? found::no : found::exhausted;
    }

    range group(int number) const override {
        const PCRE2_SIZE* const bounds =
            pcre2_get_ovector_pointer(data_.get()) + std::size_t{2} * static_cast<unsigned>(number);
        return bounds[0] == PCRE2_UNSET ? range{} : range{.begin = bounds[0], .end = bounds[1]};
    }

private:
    code code_;
    match_data data_;
    match_context context_;
    jit_stack stack_;
};

std::string advice_for(int error) {
    switch (error) {
        case PCRE2_ERROR_END_BACKSLASH:
            return "write \\\\ for a backslash";
        case PCRE2_ERROR_MISSING_SQUARE_BRACKET:
            return "close the class with ], or write \\[ for the character itself";
        case PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS:
            return "close the group with ), or write \\( for the character itself";
        case PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS:
            return "open the group with (, or write \\) for the character itself";
        case PCRE2_ERROR_QUANTIFIER_INVALID:
            return R"(put what is repeated before it, or write \*, \+ or \? for the character itself)";
        case PCRE2_ERROR_QUANTIFIER_OUT_OF_ORDER:
            return "write the smaller number first";
        case PCRE2_ERROR_QUANTIFIER_TOO_BIG:
            return "the largest is 65535";
        case PCRE2_ERROR_CLASS_RANGE_ORDER:
        case PCRE2_ERROR_CLASS_INVALID_RANGE:
            return "write the smaller character first, or \\- for the character itself";
        case PCRE2_ERROR_BAD_SUBPATTERN_REFERENCE:
            return "groups are counted by their opening parentheses, from 1";
        case PCRE2_ERROR_POSIX_CLASS_NOT_IN_CLASS:
            return "write it inside a class: [[:alpha:]]";
        default:
            return "see the pcre2syntax manual page for what can be written";
    }
}

}  // namespace

std::expected<std::unique_ptr<backtracking_engine>, syntax_error> make_backtracking_engine(std::string_view expression,
                                                                                           encoding in) {
    const compile_context context = some(compile_context{pcre2_compile_context_create(nullptr)});
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    std::uint32_t options = PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C;
    if (in == encoding::characters) {
        options |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
    }
    int error = 0;
    PCRE2_SIZE at = 0;
    code compiled{pcre2_compile(units(expression), expression.size(), options, &error, &at, context.get())};
    if (!compiled) {
        std::array<PCRE2_UCHAR, 256> message{};
        pcre2_get_error_message(error, message.data(), message.size());
        return std::unexpected{syntax_error{.at = std::min<std::size_t>(at, expression.size()),
                                            .what = reinterpret_cast<const char*>(message.data()),
                                            .advice = advice_for(error)}};
    }
    return std::make_unique<pcre2_engine>(std::move(compiled));
}

}  // namespace fiberlab::pipeline_text
