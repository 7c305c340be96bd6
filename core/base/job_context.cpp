#include "core/base/job_context.h"

namespace pilotlight {

Status JobContext::check() const {
    if (stopRequested()) return fail(ErrorCode::cancelled, "Cancelled");
    return {};
}

} // namespace pilotlight
