#include "patterns/core/name.hpp"

#include <mutex>
#include <unordered_set>

namespace fiberlab {

name name::of(std::string_view text, std::int32_t index) {
    // Never destroyed: a name may be printed while other statics are being torn down.
    static auto& texts = *new std::unordered_set<std::string>;
    static auto& guard = *new std::mutex;
    const std::lock_guard lock{guard};
    const std::string& kept = *texts.emplace(text).first;
    name made;
    made.text_ = kept.c_str();
    made.size_ = static_cast<std::uint32_t>(kept.size());
    made.index_ = index;
    return made;
}

std::string name::str() const {
    std::string out{text()};
    if (index_ != no_index) {
        if (!out.empty()) {
            out += ' ';
        }
        out += std::to_string(index_);
    }
    return out;
}

}  // namespace fiberlab
