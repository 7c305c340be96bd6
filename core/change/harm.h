// Whether a change did harm, from what the store holds. Internal to core/change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/change/change_service.h"

namespace pilotlight::change {

// What one function did in some parts of the time.
struct Behaviour {
    double invocations = 0;  // 0 and not `counted`: unknown
    bool counted = false;
    std::optional<double> errors, throttles;
    std::vector<double> error_parts, throttle_parts, invocation_parts;  // per metric period
    std::vector<float> durations;                                       // sorted; from complete logs
    std::vector<double> period_p95;                                     // where there are no complete logs
    std::optional<double> cold, cold_of;  // cold starts, and invocations of the time in which every cold start was read
    [[nodiscard]] std::optional<double> p95() const;
    [[nodiscard]] std::optional<double> coldShare() const;
};
// Over the union of `ranges`.
[[nodiscard]] Result<Behaviour> readBehaviour(const store::Store& store, const std::string& function_id,
                                              const std::vector<TimeRange>& ranges);

// Up to where the function's invocations have been read, from `begin` on without a gap.
[[nodiscard]] Result<Timestamp> observedUntil(const store::Store& store, const std::string& function_id, Timestamp begin, Timestamp end);
// The same hours of the 14 days before, as far as the settings were in force and the store has them.
[[nodiscard]] Result<std::vector<TimeRange>> seasonalWindows(const store::Store& store, const std::string& function_id, TimeRange window,
                                                             Timestamp settings_since);

struct HarmInput {
    const Behaviour& before;
    const Behaviour* season = nullptr;  // nullptr: the store has none
    const Behaviour& after;
    const Effect& predicted;
    std::optional<double> slo_p95_ms;
    double level = 0.05;  // of this look, for all tests together
    TimeRange watched{};  // time that `after` is of
};
struct HarmReport {
    std::vector<std::string> harms;  // sentences with the numbers
    bool known = true;               // false: errors or latency could not be compared
    std::string missing;             // what was not known
};
// A harm must be significant against the time before and against the same hours of earlier days, and matter:
// errors and throttles + 0.5 points and x 1.5; p95 + 10 % or what was predicted, whichever is more; cold share + 2 points, and significantly
// more than 2 points above what was predicted, of the month and of these hours of the day.
[[nodiscard]] HarmReport judgeHarm(const HarmInput& input);

}  // namespace pilotlight::change
