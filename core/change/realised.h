// What came of a change's promise, from what was measured before and since. Internal to core/change.
#pragma once

#include <optional>

#include "core/change/change_service.h"

namespace pilotlight::change {

struct Realised {
    Effect effect;  // before = baseline, after = measured since
    std::optional<MoneyEstimate> saving_month;
    std::string basis;  // which time, which prices
};

// Per 30 days at the traffic of the (up to) 14 days before the change: cost a request since, times the requests of before, plus what the
// pool costs by the hour. lo / hi: 90 %, from the spread of billed durations; of instances that are billed for their whole life, what the
// hours that were not measured leave open (tuning/projection.h). Unknown parts stay empty.
[[nodiscard]] Result<Realised> measureRealised(store::Store& store, const Profile& profile, const Change& change, const Plan& plan,
                                               const Function& now, Timestamp until);

}  // namespace pilotlight::change
