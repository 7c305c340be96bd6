#include "app/console/pages/stacked_costs.h"

#include "app/console/models/words.h"
#include "widgets/charts/time_chart.h"
#include "widgets/format.h"

namespace pilotlight::console {

using namespace widgets;

namespace {
double seconds1970(Timestamp t) { return static_cast<double>(t.time_since_epoch().count()) / 1000.0; }
}  // namespace

bool showStackedCosts(TimeChart& chart, const Fleet& fleet, CostGroup group, int top, const std::optional<CostForecast>& forecast) {
    const auto stack = costStack(fleet, group, top);
    if (stack.layers.empty()) {
        chart.setSeries({});
        return false;
    }
    std::vector<double> x;
    for (const auto day : stack.days) x.push_back(seconds1970(day));
    const auto shared_x = makeValues(x);
    std::vector<TimeSeries> series;
    for (std::size_t i = 0; i < stack.layers.size(); ++i) {
        TimeSeries one;
        one.name = stack.layers[i].label;
        one.style = TimeSeries::Style::stacked;
        one.colour = stack.layers[i].label == QLatin1String("other") ? kSeriesCount - 1 : static_cast<int>(i) % (kSeriesCount - 1);
        one.x = shared_x;
        one.period_s = 86'400;
        one.y = makeValues(stack.layers[i].amounts);
        series.push_back(std::move(one));
    }
    if (const auto before = costsBefore(fleet)) {
        std::vector<double> middles, amounts;
        for (std::size_t i = 0; i < before->days.size(); ++i) {
            if (before->days[i] < fleet.range.begin || before->days[i] + hours(24) > fleet.range.end) continue;  // a part of a day
            middles.push_back(seconds1970(before->days[i]) + 43'200);
            amounts.push_back(before->amounts[i]);
        }
        TimeSeries line;
        line.name = QStringLiteral("%1 before").arg(widgets::format::spanText(static_cast<double>(fleet.range.length().count())));
        line.role = Role::text;
        line.dashed = true;
        line.x = makeValues(middles);
        line.y = makeValues(amounts);
        series.push_back(std::move(line));
    }
    double end = x.back() + 86'400;
    std::vector<TimeBand> bands;
    if (forecast) {
        std::vector<double> middles;
        for (const auto day : forecast->days) middles.push_back(seconds1970(day) + 43'200);
        TimeSeries ahead;
        ahead.name = QStringLiteral("forecast");
        ahead.role = Role::accent;
        ahead.dashed = true;
        ahead.x = makeValues(middles);
        ahead.y = makeValues(forecast->value);
        bands.push_back({ahead.x, makeValues(forecast->lo), makeValues(forecast->hi), 0});
        series.push_back(std::move(ahead));
        end = std::max(end, seconds1970(forecast->days.back()) + 86'400);
    }
    chart.setSeries(std::move(series));
    chart.setBands(std::move(bands));
    chart.setTimeRange(x.front(), end);
    std::vector<std::pair<double, double>> incomplete;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (stack.incomplete[i]) incomplete.emplace_back(x[i], x[i] + 86'400);
    }
    chart.setIncomplete(std::move(incomplete));
    std::vector<Annotation> flags;
    for (const auto& change : fleet.changes) {
        if (change.applied == Timestamp{} || !fleet.range.contains(change.applied) || flags.size() >= 4) continue;
        const auto* row = fleet.function(change.function_id);
        if (row == nullptr) continue;
        flags.push_back({seconds1970(change.applied), QStringLiteral("%1: %2").arg(qs(row->function.name), changesText(change.changes)),
                         Role::text, qs(change.id)});
    }
    chart.setAnnotations(std::move(flags));
    return true;
}

}  // namespace pilotlight::console
