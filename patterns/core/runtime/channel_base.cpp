#include "patterns/core/runtime/channel_base.hpp"

namespace fiberlab {

void channel_base::close() noexcept {
    seam::quiet_point(operation::close, self_);
    lock_.lock();
    if (!closed_) {
        closed_ = true;
        while (waiter* const receiver = receivers_.pop()) {
            seam::wake(*receiver, status::closed);
        }
        while (waiter* const sender = senders_.pop()) {
            seam::wake(*sender, status::closed);
        }
    }
    lock_.unlock();
}

}  // namespace fiberlab
