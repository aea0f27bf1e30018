#include "patterns/demo/command.hpp"

#include <utility>

#include "patterns/core/runtime/seam.hpp"

namespace fiberlab::demo {

std::string_view title(group g) {
    switch (g) {
        case group::flow:
            return "Flow";
        case group::resilience:
            return "Resilience";
        case group::work:
            return "Work";
        case group::synchronisation:
            return "Synchronisation";
        case group::locks:
            return "Locks";
        case group::experiments:
            return "Experiments";
        case group::learn:
            break;
    }
    return "Learn";
}

void stage::tell(std::string_view what, name object, std::vector<field> fields, std::string note) const {
    emit(what, object, std::move(fields), std::move(note));
}

void stage::progress(std::uint64_t done, std::uint64_t total, progress_unit unit) const noexcept {
    if (meter != nullptr) {
        meter->unit.store(unit, std::memory_order_relaxed);
        meter->total.store(total, std::memory_order_relaxed);
        meter->done.store(done, std::memory_order_relaxed);
    }
}

}  // namespace fiberlab::demo
