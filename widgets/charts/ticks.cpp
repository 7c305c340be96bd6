#include "widgets/charts/ticks.h"

#include <QDateTime>
#include <QRegularExpression>
#include <array>
#include <cmath>

namespace pilotlight::widgets {
namespace {

double niceStep(double rough) {
    const double magnitude = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double mantissa : {1.0, 2.0, 2.5, 5.0}) {
        // 2.5 only where it stays short: 0.25 and 25, not 2.5 of counts.
        if (rough <= mantissa * magnitude * (1 + 1e-9)) return mantissa * magnitude;
    }
    return 10 * magnitude;
}

QString monthName(int month) {
    static constexpr std::array names{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return QString::fromLatin1(names[static_cast<std::size_t>(month - 1)]);
}

double secondsOf(const QDateTime& when) { return static_cast<double>(when.toMSecsSinceEpoch()) / 1000.0; }

}  // namespace

void tidyLabels(std::vector<Tick>& ticks) {
    static const QRegularExpression decimals(QStringLiteral("\\.(\\d*?)(0+)(?!\\d)"));
    bool cents = false;
    for (const Tick& tick : ticks) {
        const auto match = decimals.match(tick.label);
        const bool plain = !tick.label.contains(QLatin1Char('.')) || (match.hasMatch() && match.captured(1).isEmpty());
        cents = cents || (tick.label.contains(QLatin1Char('$')) && !plain);
    }
    for (Tick& tick : ticks) {
        const auto match = decimals.match(tick.label);
        if (!match.hasMatch() || (cents && tick.label.contains(QLatin1Char('$')))) continue;
        const QString kept = match.captured(1);
        tick.label.replace(match.capturedStart(), match.capturedLength(), kept.isEmpty() ? QString() : QLatin1Char('.') + kept);
    }
}

std::vector<double> niceTicks(double lo, double hi, int most) {
    std::vector<double> ticks;
    if (!(hi > lo) || most < 1 || !std::isfinite(lo) || !std::isfinite(hi)) return ticks;
    double step = niceStep((hi - lo) / most);
    // The step is a guess by the width; at an unlucky phase there is one tick too many.
    while (std::floor(hi / step + 1e-9) - std::ceil(lo / step - 1e-9) + 1 > most) step = niceStep(step * 1.01);
    for (double k = std::ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9; ++k) ticks.push_back(k * step);
    return ticks;
}

double niceCeiling(double value, int most) {
    if (!(value > 0) || !std::isfinite(value)) return 1;
    const double step = niceStep(value / most);
    return std::ceil(value / step - 1e-9) * step;
}

std::vector<double> logTicks(double lo, double hi, int most) {
    std::vector<double> ticks;
    if (!(lo > 0) || !(hi > lo) || most < 1) return ticks;
    const auto build = [&](std::initializer_list<double> mantissas, int every) {
        ticks.clear();
        const int first = static_cast<int>(std::floor(std::log10(lo))), last = static_cast<int>(std::ceil(std::log10(hi)));
        for (int decade = first; decade <= last; ++decade) {
            if (((decade % every) + every) % every != 0) continue;
            for (const double mantissa : mantissas) {
                const double at = mantissa * std::pow(10.0, decade);
                if (at >= lo * (1 - 1e-9) && at <= hi * (1 + 1e-9)) ticks.push_back(at);
            }
        }
        return static_cast<int>(ticks.size()) <= most;
    };
    if (build({1, 2, 5}, 1) || build({1, 3}, 1)) return ticks;
    for (int every = 1; every < 12; ++every) {
        if (build({1}, every)) break;
    }
    return ticks;
}

std::pair<double, double> logBounds(double lo, double hi) {
    if (!(lo > 0)) lo = 1;
    if (!(hi > lo)) hi = lo * 10;
    const auto down = [](double v) {
        const double magnitude = std::pow(10.0, std::floor(std::log10(v) + 1e-12));
        for (const double mantissa : {5.0, 2.0, 1.0}) {
            if (v >= mantissa * magnitude * (1 - 1e-9)) return mantissa * magnitude;
        }
        return magnitude;
    };
    const auto up = [](double v) {
        const double magnitude = std::pow(10.0, std::floor(std::log10(v) + 1e-12));
        for (const double mantissa : {1.0, 2.0, 5.0}) {
            if (v <= mantissa * magnitude * (1 + 1e-9)) return mantissa * magnitude;
        }
        return 10 * magnitude;
    };
    return {down(lo), up(hi)};
}

std::vector<Tick> timeTicks(double from_s, double to_s, int most, const QTimeZone& zone) {
    std::vector<Tick> ticks;
    if (!(to_s > from_s) || most < 1) return ticks;
    const double rough = (to_s - from_s) / most;
    const QDateTime first = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(std::floor(from_s * 1000)), zone);
    const QDateTime last = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(std::ceil(to_s * 1000)), zone);
    const auto keep = [&](const QDateTime& when, const QString& label) {
        const double at = secondsOf(when);
        if (at >= from_s - 1e-6 && at <= to_s + 1e-6) ticks.push_back({at, label});
    };
    const auto day_label = [](QDate day) { return QStringLiteral("%1 %2").arg(day.day()).arg(monthName(day.month())); };
    if (rough <= 12 * 3600) {
        static constexpr std::array steps{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200};
        int step = steps.back();
        for (const int candidate : steps) {
            if (candidate >= rough) {
                step = candidate;
                break;
            }
        }
        for (QDate day = first.date(); day <= last.date(); day = day.addDays(1)) {
            // Steps count from local midnight, so that labels stay round across a change of summer time.
            int from = 0;
            if (day == first.date()) from = first.time().msecsSinceStartOfDay() / 1000 / step * step;
            for (int second = from; second < 86400; second += step) {
                const QDateTime when(day, QTime::fromMSecsSinceStartOfDay(second * 1000), zone);
                if (when > last) break;
                if (when.time().msecsSinceStartOfDay() / 1000 != second) continue;  // does not exist on that day
                keep(when, second == 0 ? day_label(day) : when.toString(step < 60 ? QStringLiteral("HH:mm:ss") : QStringLiteral("HH:mm")));
            }
        }
        return ticks;
    }
    if (rough <= 16 * 86400.0) {
        int days = 14;
        for (const int candidate : {1, 2, 7}) {
            if (candidate * 86400.0 >= rough) {
                days = candidate;
                break;
            }
        }
        for (QDate day = first.date(); day <= last.date(); day = day.addDays(1)) {
            if (day.toJulianDay() % days != 0) continue;  // weeks begin on Monday
            keep(day.startOfDay(zone), day_label(day));
        }
        return ticks;
    }
    int months = 12;
    for (const int candidate : {1, 3, 6}) {
        if (candidate * 30.5 * 86400 >= rough) {
            months = candidate;
            break;
        }
    }
    for (QDate day(first.date().year(), first.date().month(), 1); day <= last.date(); day = day.addMonths(1)) {
        if ((day.month() - 1) % months != 0) continue;
        keep(day.startOfDay(zone), day.month() == 1 ? QString::number(day.year()) : monthName(day.month()));
    }
    return ticks;
}

}  // namespace pilotlight::widgets
