#include "app/console/models/cost_forecast.h"

#include <algorithm>

#include "app/console/models/other_models.h"
#include "core/model/sim_demand.h"

namespace pilotlight::console {
namespace {

// What changes that were kept would have saved on a day that came before them, in USD.
double savedSince(const Fleet& fleet, Timestamp day) {
    double saved = 0;
    for (const auto& change : fleet.changes) {
        if (change.status != ChangeStatus::kept || !change.realised_saving_month) continue;
        const double before = std::chrono::duration<double>(change.applied - day) / std::chrono::duration<double>(hours(24));
        saved += change.realised_saving_month->value.toDouble() / 30 * std::clamp(before, 0.0, 1.0);
    }
    return saved;
}

}  // namespace

std::optional<CostForecast> forecastCosts(const Fleet& fleet, std::size_t ahead) {
    const auto stack = costStack(fleet, CostGroup::profile, 1000);
    std::vector<double> totals;
    std::optional<Timestamp> next;
    for (std::size_t day = 0; day < stack.days.size(); ++day) {
        if (stack.incomplete[day]) {
            if (!totals.empty()) break;  // a first day that the range cuts is passed over
            continue;
        }
        double total = 0;
        for (const auto& layer : stack.layers) total += layer.amounts[day];
        totals.push_back(std::max(0.0, total - savedSince(fleet, stack.days[day])));
        next = stack.days[day] + hours(24);
    }
    if (totals.size() < 9) return std::nullopt;
    const auto demand = model::demandAhead(totals, 1, ahead);
    CostForecast out;
    for (std::size_t day = 0; day < ahead; ++day) out.days.push_back(*next + hours(24) * static_cast<int>(day));
    out.value = demand.value;
    out.lo = demand.lo;
    out.hi = demand.hi;
    out.method = QString::fromUtf8(model::name(demand.method));
    out.days_tested = demand.days_tested;
    for (const auto& score : demand.scores)
        if (score.method == demand.method) out.wape = score.wape;
    return out;
}

}  // namespace pilotlight::console
