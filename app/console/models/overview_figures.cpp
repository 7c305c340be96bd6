#include "app/console/models/overview_figures.h"

#include <QTimeZone>
#include <cmath>

#include "app/console/models/other_models.h"
#include "app/console/models/words.h"
#include "widgets/format.h"

namespace pilotlight::console {

namespace format = widgets::format;
using widgets::Figure;
using widgets::Role;

namespace {

QString rangeWords(TimeRange range) { return format::spanText(static_cast<double>(range.length().count())); }

Figure costFigure(const Fleet& fleet) {
    Money total;
    double month = 0;
    int known = 0, unknown = 0, partly = 0;
    for (const auto& row : fleet.functions) {
        if (row.cost) {
            total += *row.cost;
            month += perMonth(row);
            ++known;
            if (row.covered > milliseconds(0) && row.covered < fleet.range.length() * 9 / 10) ++partly;
        } else {
            ++unknown;
        }
    }
    Figure figure;
    if (known == 0) {
        figure.value = format::unknown();
        figure.tooltip = QStringLiteral("No function has a known price and usage in this range");
        return figure;
    }
    figure.value = format::moneyWhole(month);
    figure.unit = QStringLiteral("/ month");
    figure.reference = QStringLiteral("%1 in %2, %3").arg(format::money(total), rangeWords(fleet.range), pricesText(fleet));
    if (fleet.compared) {
        const QString range = rangeWords(fleet.range);
        if (const auto before = costsBefore(fleet); !before)
            figure.reference = QStringLiteral("nothing was read of the %1 before").arg(range);
        else if (before->read_from)
            figure.reference = QStringLiteral("the %1 before: read from %2 on").arg(range, format::date(*before->read_from, QTimeZone::utc()));
        else if (const double was = before->total.toDouble(); was > 0) {
            const double change = total.toDouble() / was - 1;
            figure.delta = QStringLiteral("%1 on the %2 before").arg(format::percentSigned(change), range);
            figure.delta_role = change > 0.005 ? Role::warm : change < -0.005 ? Role::good : Role::muted;
        }
    }
    if (unknown > 0) figure.reference += QStringLiteral("; %1 unknown").arg(unknown);
    if (partly > 0) figure.reference += QStringLiteral("; %1 read in part").arg(partly);
    figure.tooltip = QStringLiteral("Computed: usage of the range at %1, before grants, per 30 days; of what was read, where that is less than the range").arg(pricesText(fleet));
    return figure;
}

Figure availableFigure(const Fleet& fleet) {
    double value = 0, variance = 0;
    int recommended = 0, inconclusive = 0;
    for (const auto& item : fleet.recommendations) {
        if (fleet.function(item.function_id) == nullptr) continue;
        if (item.status == RecommendationStatus::inconclusive) ++inconclusive;
        if (item.status != RecommendationStatus::recommended) continue;
        ++recommended;
        if (!item.saving_month || item.saving_month->value.units() <= 0) continue;
        value += item.saving_month->value.toDouble();
        const double half = (item.saving_month->hi - item.saving_month->lo).toDouble() / 2;
        variance += half * half;
    }
    Figure figure;
    if (fleet.recommendations.empty()) {
        figure.value = format::unknown();
        figure.reference = QStringLiteral("functions have not been judged yet");
        return figure;
    }
    figure.value = format::moneyWhole(value);
    figure.unit = QStringLiteral("/ month");
    if (value > 0) figure.interval = format::plusMinus(std::sqrt(variance));
    figure.reference = QStringLiteral("%1 %2")
                           .arg(recommended)
                           .arg(recommended == 1 ? QStringLiteral("recommendation") : QStringLiteral("recommendations"));
    if (inconclusive > 0) figure.reference += QStringLiteral(", %1 inconclusive").arg(inconclusive);
    figure.tooltip = QStringLiteral("Sum of the recommended changes that save; the interval takes their errors as independent");
    return figure;
}

Figure realisedFigure(const Fleet& fleet) {
    double measured = 0, predicted = 0, lo = 0, hi = 0;
    int kept = 0, watched = 0;
    for (const auto& change : fleet.changes) {
        if (change.status == ChangeStatus::watching || change.status == ChangeStatus::applied) ++watched;
        if (change.status != ChangeStatus::kept || !change.realised_saving_month) continue;
        ++kept;
        measured += change.realised_saving_month->value.toDouble();
        if (!change.predicted_saving_month) continue;
        predicted += change.predicted_saving_month->value.toDouble();
        lo += change.predicted_saving_month->lo.toDouble();
        hi += change.predicted_saving_month->hi.toDouble();
    }
    Figure figure;
    if (kept == 0) {
        figure.value = QString(format::kEnDash);
        figure.reference = watched > 0 ? QStringLiteral("%1 %2 watched")
                                             .arg(watched)
                                             .arg(watched == 1 ? QStringLiteral("change is") : QStringLiteral("changes are"))
                                       : QStringLiteral("no change kept yet");
        return figure;
    }
    figure.value = format::moneyWhole(measured);
    figure.unit = QStringLiteral("/ month");
    const bool inside = measured >= lo && measured <= hi;
    figure.delta =
        QStringLiteral("predicted %1, %2")
            .arg(format::moneyWhole(predicted), inside ? QStringLiteral("inside the interval") : QStringLiteral("outside the interval"));
    figure.delta_role = inside ? Role::good : Role::caution;
    figure.tooltip = QStringLiteral("Measured on %1 kept changes, against what was predicted when they were applied").arg(kept);
    return figure;
}

Figure coldFigure(const Fleet& fleet) {
    double cold = 0, all = 0;
    int bad = 0;
    for (const auto& row : fleet.functions) {
        if (!row.cold_start_share || !row.invocations) continue;
        cold += *row.cold_start_share * static_cast<double>(*row.invocations);
        all += static_cast<double>(*row.invocations);
        bad += *row.cold_start_share >= 0.05 ? 1 : 0;
    }
    Figure figure;
    if (all <= 0) {
        figure.value = format::unknown();
        figure.tooltip = QStringLiteral("Cold starts come from logs, which have not been read for this range");
        return figure;
    }
    const double share = 100 * cold / all;
    figure.value = format::number(share, share < 10 ? 1 : 0);
    figure.unit = QStringLiteral("% of requests");
    figure.reference =
        bad == 0 ? QStringLiteral("no function above 5 %")
                 : QStringLiteral("%1 %2 above 5 %").arg(bad).arg(bad == 1 ? QStringLiteral("function") : QStringLiteral("functions"));
    figure.tooltip = QStringLiteral("Weighted by invocations; functions without logs are left out");
    return figure;
}

}  // namespace

OverviewFigures overviewFigures(const Fleet& fleet) {
    return {costFigure(fleet), availableFigure(fleet), realisedFigure(fleet), coldFigure(fleet)};
}

}  // namespace pilotlight::console
