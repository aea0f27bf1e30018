// SHA-256 and not a faster hash such as XXH3: whoever hashes a line joins, anonymises or checks it against another
// program's figure, and sha256sum is on every machine. libcrypto is linked by libpq in any case and uses the
// processor's SHA instructions.
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "patterns/pipeline/text/stages.hpp"

namespace fiberlab::pipeline_text {

namespace {

constexpr std::size_t digest_bytes = 32;
constexpr std::size_t line_bytes = 2 * digest_bytes + 1;

using digest = std::array<unsigned char, digest_bytes>;

class sha256 {
public:
    sha256() : algorithm_{EVP_MD_fetch(nullptr, "SHA256", nullptr)}, context_{EVP_MD_CTX_new()} {}

    // False when this machine's libcrypto is set up without SHA-256.
    bool operator()(std::string_view text, digest& out) {
        return algorithm_ && context_ && EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) == 1 &&
               EVP_DigestUpdate(context_.get(), text.data(), text.size()) == 1 &&
               EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1;
    }

private:
    struct freed {
        void operator()(EVP_MD* p) const noexcept { EVP_MD_free(p); }
        void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
    };

    std::unique_ptr<EVP_MD, freed> algorithm_;  // fetched once: looking it up costs more than a line
    std::unique_ptr<EVP_MD_CTX, freed> context_;
};

class hash_stage final : public text_stage {
public:
    explicit hash_stage(block_limits limits) : most_lines_{std::max<std::size_t>(limits.block_bytes / line_bytes, 1)} {}

    std::expected<progress, std::string> transform(block& b) override {
        source_.swap(b);
        at_ = 0;
        return resume(b);
    }

    // A block of empty lines becomes 65 times as long: hence in parts.
    std::expected<progress, std::string> resume(block& b) override {
        b.clear();
        for (std::size_t lines = 0; lines < most_lines_ && at_ < source_.size(); ++lines) {
            const std::size_t end = std::min(source_.find('\n', at_), source_.size());
            digest of_line{};
            if (!hash_(std::string_view{source_}.substr(at_, end - at_), of_line)) {
                return std::unexpected{
                    "hash: libcrypto offers no SHA-256 here; look at its configuration (openssl.cnf)"};
            }
            append_hex(b, of_line);
            at_ = end + 1;
        }
        return at_ < source_.size() ? progress::more : progress::done;
    }

private:
    static void append_hex(block& out, const digest& bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        std::array<char, line_bytes> line{};
        for (std::size_t i = 0; i < digest_bytes; ++i) {
            line[2 * i] = digits[bytes[i] >> 4];
            line[2 * i + 1] = digits[bytes[i] & 15];
        }
        line.back() = '\n';
        out.append(line.data(), line.size());
    }

    std::size_t most_lines_;
    sha256 hash_;
    block source_;
    std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<text_stage> make_hash(block_limits limits) {
    return std::make_unique<hash_stage>(limits);
}

}  // namespace fiberlab::pipeline_text
