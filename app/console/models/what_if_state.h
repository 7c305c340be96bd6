// What the sliders stand at, against today; and what that means as settings, rows of the plan, guardrails and figures. Pure.
#pragma once

#include <QString>
#include <QStringList>
#include <optional>
#include <vector>

#include "core/tuning/engine.h"
#include "widgets/figure_tile.h"
#include "widgets/summary_tables.h"

namespace pilotlight::console {

// Ranges of the sliders: what the platform allows, cut to what makes sense at this function's traffic.
struct SliderRanges {
    double memory_lo = 128, memory_hi = 10'240, memory_step = 64;
    std::vector<double> memory_values;  // where only these are valid; else empty
    std::vector<double> vcpu_values;    // empty = CPU is not set apart from memory: no slider
    int concurrency_hi = 1;             // 1 = an instance serves one request at once: no slider
    int pool_hi = 20, limit_hi = 100;
    bool schedule = false;  // the pool can follow the hours of the week
    // Why it cannot be set; empty = it can.
    QString memory_disabled, pool_disabled, limit_disabled;
    // Where the range comes from.
    QString memory_why, vcpu_why, concurrency_why, pool_why, limit_why;
};
[[nodiscard]] SliderRanges sliderRanges(const Function& function, const tuning::Engine::Week& week,
                                        const std::optional<AccountLimits>& limits);

struct WhatIfState {
    Megabytes memory;
    std::optional<double> vcpu;  // where it is set apart from memory
    int concurrency = 1;         // requests one instance serves at once
    int pool = 0;
    std::vector<int> pool_by_hour;  // 168, Monday first; empty = constant
    InstanceLimit limit;
    double traffic = 1, surge = 1;
    friend bool operator==(const WhatIfState&, const WhatIfState&) = default;
};

[[nodiscard]] WhatIfState todayOf(const Function& function);
// The alias or version that holds, or would hold, the pool; empty = there is none.
[[nodiscard]] std::string poolQualifier(const Function& function);
// The schedule with as few entries as say the same week; days that are alike share an entry.
[[nodiscard]] WarmSchedule scheduleOf(const std::vector<int>& by_hour);
[[nodiscard]] std::vector<int> hoursOf(const WarmSchedule& schedule);
// Only what differs from today.
[[nodiscard]] DesiredSettings desiredOf(const WhatIfState& state, const Function& function);
[[nodiscard]] WhatIf whatIfOf(const WhatIfState& state, const Function& function);
[[nodiscard]] WhatIfState withSettings(WhatIfState state, const DesiredSettings& settings);

using CompareRow = widgets::CompareTable::Row;
[[nodiscard]] std::vector<CompareRow> planRows(const WhatIfState& state, const Function& function);
[[nodiscard]] std::vector<CompareRow> moneyRows(const WhatIfResult& result);

// A preview; core/change decides when the plan is made.
using GuardrailPreview = widgets::GuardrailList::Item;
[[nodiscard]] std::vector<GuardrailPreview> guardrailPreview(const WhatIfState& state, const tuning::Evidence& evidence,
                                                             std::optional<Megabytes> floor, const WhatIfResult* result);

struct WhatIfFigures {
    widgets::Figure cost, p95, cold, throttled;
};
[[nodiscard]] WhatIfFigures whatIfFigures(const WhatIfResult& result);
// "6", "6 · Mon–Fri 08–19"
[[nodiscard]] QString poolText(const WhatIfState& state);

}  // namespace pilotlight::console
