#include "locks/redis/script.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace fiberlab::locks::redis {

namespace {

// "EVALSHA digest number-of-keys key… argument…", without a list on the heap for the few words that our scripts take.
class script_call {
public:
    script_call(std::string_view verb, std::string_view script, script::texts keys, script::texts arguments) {
        const auto add = [this](std::string_view word) { words_.at(size_++) = word; };
        add(verb);
        add(script);
        constexpr std::string_view digits = "0123456789";
        add(digits.substr(keys.size(), 1));
        std::ranges::for_each(keys, add);
        std::ranges::for_each(arguments, add);
    }
    redis_client::words words() const noexcept { return std::span{words_}.first(size_); }

private:
    static constexpr std::size_t most_words = 12;
    std::array<std::string_view, most_words> words_;
    std::size_t size_ = 0;
};

}  // namespace

std::expected<void, redis_error> script::load(redis_client& client) {
    auto digest = client.command({"SCRIPT", "LOAD", text_});
    if (!digest) {
        return std::unexpected{std::move(digest.error())};
    }
    digest_ = std::move(digest->text);
    return {};
}

redis_result script::run(redis_client& client, texts keys, texts arguments, redis_call how) const {
    const script_call by_digest{"EVALSHA", digest_, keys, arguments};
    auto done = client.command(by_digest.words(), how);
    if (done || done.error().why != redis_failure::server_error || !done.error().detail.starts_with("NOSCRIPT")) {
        return done;
    }
    const script_call by_text{"EVAL", text_, keys, arguments};
    return client.command(by_text.words(), how);
}

void script::start(redis_client& client, texts keys, texts arguments, reply_handler done) const {
    // By its text: there is nobody to come back to after a NOSCRIPT.
    const script_call by_text{"EVAL", text_, keys, arguments};
    client.start(by_text.words(), std::move(done));
}

}  // namespace fiberlab::locks::redis
