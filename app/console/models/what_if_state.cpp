#include "app/console/models/what_if_state.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "app/console/models/words.h"
#include "core/platform/make_platform.h"
#include "widgets/format.h"

namespace pilotlight::console {

namespace format = widgets::format;
using widgets::Figure;
using widgets::Role;

namespace {
constexpr std::size_t kHours = 168;
int roundUp(double value, int step) { return static_cast<int>(std::ceil(value / step)) * step; }
}  // namespace

SliderRanges sliderRanges(const Function& function, const tuning::Engine::Week& week, const std::optional<AccountLimits>& limits) {
    SliderRanges ranges;
    const auto capabilities = platform::capabilitiesOf(function, limits);
    const auto take = [&](const char* setting, QString& why, QString* disabled) -> const SettingRange* {
        const auto* range = capabilities.find(setting);
        const QString words = range ? qs(range->why) : QStringLiteral("%1 cannot be changed from here yet").arg(settingLabel(setting));
        why = words;
        const bool can = range != nullptr && range->settable && range->max > range->min;
        if (disabled && !can) *disabled = words;
        return can ? range : nullptr;
    };
    if (const auto* range = take("memory_mb", ranges.memory_why, &ranges.memory_disabled)) {
        ranges.memory_lo = range->min;
        ranges.memory_hi = range->max;
        ranges.memory_step = function.platform == PlatformKind::aws ? 64 : 128;
        ranges.memory_values = range->values;
    }
    if (const auto* range = take("vcpu", ranges.vcpu_why, nullptr)) ranges.vcpu_values = range->values;
    if (const auto* range = take("concurrency", ranges.concurrency_why, nullptr)) ranges.concurrency_hi = static_cast<int>(range->max);
    take("warm_pool", ranges.pool_why, &ranges.pool_disabled);
    QString ignored;
    ranges.schedule = take("warm_schedule", ignored, nullptr) != nullptr;
    const auto* limit_range = take("instance_limit", ranges.limit_why, &ranges.limit_disabled);
    float peak = 0;
    for (const float value : week.peak) peak = std::max(peak, std::isfinite(value) ? value : 0.0F);
    const int pool = function.warmPool().value_or(0);
    ranges.pool_hi = std::max({10, roundUp(1.5 * static_cast<double>(peak), 5), roundUp(1.5 * pool, 5)});
    ranges.limit_hi = std::max({50, roundUp(4.0 * static_cast<double>(peak), 50)});
    if (function.instance_limit.kind == InstanceLimit::Kind::limited)
        ranges.limit_hi = std::max(ranges.limit_hi, roundUp(1.5 * function.instance_limit.value, 50));
    if (limit_range) ranges.limit_hi = std::min(ranges.limit_hi, std::max(1, static_cast<int>(limit_range->max)));
    if (function.platform == PlatformKind::aws && !function.snap_start && poolQualifier(function).empty()) {
        ranges.pool_disabled = QStringLiteral(
            "Provisioned concurrency needs an alias or a published version, and this function has none. Publish one and point an alias at "
            "it first.");
    }
    return ranges;
}

std::string poolQualifier(const Function& function) {
    for (const auto& qualifier : function.qualifiers) {
        if (qualifier.warm_pool.value_or(0) > 0) return qualifier.name;
    }
    for (const auto& qualifier : function.qualifiers) {
        if (qualifier.kind == "alias") return qualifier.name;
    }
    return function.qualifiers.empty() ? std::string() : function.qualifiers.front().name;
}

WhatIfState todayOf(const Function& function) {
    WhatIfState state;
    state.memory = function.memory;
    state.vcpu = function.vcpu;
    state.concurrency = function.concurrency;
    state.pool = function.warmPool().value_or(0);
    state.limit = function.instance_limit;
    return state;
}

WarmSchedule scheduleOf(const std::vector<int>& by_hour) {
    WarmSchedule schedule;
    if (by_hour.size() != kHours) return schedule;
    // (minute of day, level) -> days on which the level begins there.
    std::map<std::pair<int, int>, std::uint8_t> begins;
    for (std::size_t hour = 0; hour < kHours; ++hour) {
        const int before = by_hour[(hour + kHours - 1) % kHours];
        if (by_hour[hour] == before) continue;
        begins[{static_cast<int>(hour % 24) * 60, by_hour[hour]}] |= static_cast<std::uint8_t>(1U << (hour / 24));
    }
    if (begins.empty()) {
        schedule.entries.push_back({0x7F, 0, by_hour.front()});
        return schedule;
    }
    for (const auto& [at, days] : begins) schedule.entries.push_back({days, at.first, at.second});
    return schedule;
}

std::vector<int> hoursOf(const WarmSchedule& schedule) {
    if (schedule.empty()) return {};
    const auto levels = schedule.levels(kHours);
    return {levels.begin(), levels.end()};
}

DesiredSettings desiredOf(const WhatIfState& state, const Function& function) {
    const WhatIfState today = todayOf(function);
    DesiredSettings desired;
    if (state.memory != today.memory) desired.memory = state.memory;
    if (state.vcpu != today.vcpu) desired.vcpu = state.vcpu;
    if (state.concurrency != today.concurrency) desired.concurrency = state.concurrency;
    if (!(state.limit == today.limit)) desired.instance_limit = state.limit;
    if (!state.pool_by_hour.empty()) {
        desired.warm_schedule = scheduleOf(state.pool_by_hour);
        desired.pool_qualifier = poolQualifier(function);
    } else if (state.pool != today.pool) {
        desired.warm_pool = state.pool;
        desired.pool_qualifier = poolQualifier(function);
    }
    return desired;
}

WhatIf whatIfOf(const WhatIfState& state, const Function& function) { return {desiredOf(state, function), state.traffic, state.surge}; }

WhatIfState withSettings(WhatIfState state, const DesiredSettings& settings) {
    if (settings.memory) state.memory = *settings.memory;
    if (settings.vcpu) state.vcpu = settings.vcpu;
    if (settings.concurrency) state.concurrency = *settings.concurrency;
    if (settings.instance_limit) state.limit = *settings.instance_limit;
    if (settings.warm_schedule) {
        state.pool_by_hour = hoursOf(*settings.warm_schedule);
        state.pool = state.pool_by_hour.empty() ? 0 : *std::max_element(state.pool_by_hour.begin(), state.pool_by_hour.end());
    } else if (settings.warm_pool) {
        state.pool_by_hour.clear();
        state.pool = *settings.warm_pool;
    }
    return state;
}

QString poolText(const WhatIfState& state) {
    if (state.pool_by_hour.empty()) return format::integer(state.pool);
    const int most = *std::max_element(state.pool_by_hour.begin(), state.pool_by_hour.end());
    // Hours and days at the highest level, where they are one block; else just "by hour".
    std::array<bool, 24> hours{};
    std::array<bool, 7> days{};
    for (std::size_t h = 0; h < kHours; ++h) {
        if (state.pool_by_hour[h] != most) continue;
        hours[h % 24] = true;
        days[h / 24] = true;
    }
    bool block = most > 0;
    for (std::size_t h = 0; h < kHours; ++h) block = block && ((state.pool_by_hour[h] == most) == (hours[h % 24] && days[h / 24]));
    const auto run = [](const auto& flags) -> std::optional<std::pair<int, int>> {
        const auto first = std::find(flags.begin(), flags.end(), true);
        const auto last = std::find(first, flags.end(), false);
        if (first == flags.end() || std::find(last, flags.end(), true) != flags.end()) return std::nullopt;
        return std::pair{static_cast<int>(first - flags.begin()), static_cast<int>(last - flags.begin())};
    };
    const auto h = run(hours), d = run(days);
    if (!block || !h || !d) return QStringLiteral("%1 · by hour").arg(most);
    static const char* const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    QString day = d->second - d->first == 7         ? QStringLiteral("daily")
                  : d->first == 0 && d->second == 5 ? QStringLiteral("weekdays")
                  : d->second - d->first == 1
                      ? QString::fromLatin1(names[d->first])
                      : QString::fromLatin1(names[d->first]) + format::kEnDash + QString::fromLatin1(names[d->second - 1]);
    return QStringLiteral("%1 · %2 %3%4%5")
        .arg(most)
        .arg(day)
        .arg(h->first, 2, 10, QLatin1Char('0'))
        .arg(format::kEnDash)
        .arg(h->second, 2, 10, QLatin1Char('0'));
}

std::vector<CompareRow> planRows(const WhatIfState& state, const Function& function) {
    const WhatIfState today = todayOf(function);
    std::vector<CompareRow> rows;
    rows.push_back({QStringLiteral("Memory"),
                    format::megabytes(today.memory.value),
                    format::megabytes(state.memory.value),
                    {},
                    Role::text,
                    today.memory != state.memory});
    if (function.platform != PlatformKind::aws) {
        const auto text = [](const std::optional<double>& vcpu) { return vcpu ? format::significant(*vcpu) : format::unknown(); };
        if (today.vcpu || state.vcpu)
            rows.push_back({QStringLiteral("vCPU"), text(today.vcpu), text(state.vcpu), {}, Role::text, today.vcpu != state.vcpu});
        rows.push_back({QStringLiteral("Concurrency"),
                        format::integer(today.concurrency),
                        format::integer(state.concurrency),
                        {},
                        Role::text,
                        today.concurrency != state.concurrency});
    }
    const std::string qualifier = poolQualifier(function);
    if (!qualifier.empty() || function.platform != PlatformKind::aws) {
        CompareRow row;
        row.name = (function.platform == PlatformKind::aws ? QStringLiteral("Provisioned") : QStringLiteral("Warm pool")) +
                   (qualifier.empty() ? QString() : QStringLiteral(" (%1)").arg(qs(qualifier)));
        row.before = function.warmPool() ? format::integer(today.pool) : format::unknown();
        row.after = poolText(state);
        row.changed = !state.pool_by_hour.empty() || state.pool != today.pool;
        rows.push_back(std::move(row));
    }
    rows.push_back({function.platform == PlatformKind::aws ? QStringLiteral("Reserved") : QStringLiteral("Instance limit"),
                    limitText(today.limit),
                    limitText(state.limit),
                    {},
                    Role::text,
                    !(today.limit == state.limit)});
    return rows;
}

std::vector<CompareRow> moneyRows(const WhatIfResult& result) {
    static const char* const order[] = {meter::kDuration, meter::kPoolDuration, meter::kPoolKept, meter::kInit,
                                        meter::kRequests, meter::kStorage,      meter::kVcpu,     meter::kMemory,
                                        meter::kIdleVcpu, meter::kIdleMemory,   meter::kOther};
    std::vector<CompareRow> rows;
    const auto text = [](const Outcome& outcome, const std::string& meter) -> QString {
        const auto found = outcome.breakdown.find(meter);
        if (found == outcome.breakdown.end() || std::abs(found->second.value.toDouble()) < 0.005) return QString(format::kEnDash);
        return format::money(found->second.value);
    };
    for (const char* meter : order) {
        const bool any = result.today.breakdown.contains(meter) || result.whatif.breakdown.contains(meter);
        const QString today = text(result.today, meter), plan = text(result.whatif, meter);
        const bool nothing = today == QString(format::kEnDash) && plan == today;
        // The meters that a slider can bring up keep their row, so that the table does not jump.
        const bool keep = meter == meter::kDuration || meter == meter::kPoolDuration || meter == meter::kPoolKept ||
                          meter == meter::kInit || meter == meter::kRequests;
        if (!any || (nothing && !keep)) {
            if (!keep) continue;
        }
        const bool kept = std::string_view(meter) == meter::kPoolKept;
        rows.push_back(
            {meterLabel(meter), today, plan, {}, kept && plan != QString(format::kEnDash) ? Role::warm : Role::text, today != plan});
    }
    return rows;
}

std::vector<GuardrailPreview> guardrailPreview(const WhatIfState& state, const tuning::Evidence& evidence, std::optional<Megabytes> floor,
                                               const WhatIfResult* result) {
    using Mark = widgets::GuardrailList::Verdict;
    std::vector<GuardrailPreview> out;
    if (floor) {
        const bool below = state.memory < *floor;
        out.push_back({below ? Mark::veto : Mark::pass,
                       QStringLiteral("memory floor %1 (max used %2 × 1.15)")
                           .arg(format::megabytes(floor->value), format::integer(floor->value / 1.15)),
                       {}});
    } else {
        out.push_back({Mark::caution, QStringLiteral("memory floor unknown: no log line says what was used"), {}});
    }
    const int most = state.pool_by_hour.empty() ? state.pool : *std::max_element(state.pool_by_hour.begin(), state.pool_by_hour.end());
    if (state.limit.kind == InstanceLimit::Kind::limited) {
        if (most > 0)
            out.push_back({most <= state.limit.value ? Mark::pass : Mark::veto,
                           QStringLiteral("pool %1 %2 limit %3")
                               .arg(most)
                               .arg(most <= state.limit.value ? QStringLiteral("≤") : QStringLiteral(">"))
                               .arg(state.limit.value),
                           {}});
    }
    if (evidence.limits && evidence.function.platform == PlatformKind::aws) {
        const auto reserved = [](const InstanceLimit& limit) { return limit.kind == InstanceLimit::Kind::limited ? limit.value : 0; };
        const int left =
            evidence.limits->unreserved_concurrent_executions + reserved(evidence.function.instance_limit) - reserved(state.limit);
        out.push_back(
            {left >= 100 ? Mark::pass : Mark::veto,
             QStringLiteral("%1 unreserved concurrency %2")
                 .arg(format::integer(left), left >= 100 ? QStringLiteral("stay free") : QStringLiteral("would stay free, 100 must")),
             {}});
    }
    if (evidence.function.owner && *evidence.function.owner != "") {
        out.push_back({Mark::veto, QStringLiteral("owned by %1: export a patch, or override").arg(qs(*evidence.function.owner)), {}});
    }
    for (const auto& qualifier : evidence.function.qualifiers) {
        if (!qualifier.scaling) continue;
        const bool touched = most != todayOf(evidence.function).pool || !state.pool_by_hour.empty();
        out.push_back({touched ? Mark::veto : Mark::caution,
                       QStringLiteral("the pool of %1 is scaled by something else").arg(qs(qualifier.name)),
                       {}});
    }
    if (result) {
        if (const auto found = result->whatif.breakdown.find(meter::kPoolKept);
            found != result->whatif.breakdown.end() && found->second.value.toDouble() >= 1) {
            out.push_back(
                {Mark::caution,
                 QStringLiteral("a fixed %1 a month, even if traffic stops").arg(format::moneyWhole(found->second.value.toDouble())),
                 {}});
        }
    }
    return out;
}

WhatIfFigures whatIfFigures(const WhatIfResult& result) {
    WhatIfFigures figures;
    const auto& today = result.today;
    const auto& then = result.whatif;
    const bool approximate = !then.exact;
    const auto unknown = [&](const char* why) {
        Figure figure;
        figure.value = format::unknown();
        figure.tooltip = QString::fromUtf8(why);
        return figure;
    };
    const QString provenance =
        qs(result.basis.evidence) + QLatin1Char('\n') + qs(result.basis.model) + QLatin1Char('\n') + qs(result.basis.prices);

    if (then.cost_month) {
        const double value = then.cost_month->value.toDouble();
        Figure& f = figures.cost;
        f.value = format::moneyWhole(value);
        f.interval = format::plusMinus((then.cost_month->hi - then.cost_month->lo).toDouble() / 2);
        if (today.cost_month) {
            const double before = today.cost_month->value.toDouble(), delta = value - before;
            if (std::abs(delta) < 0.005) {
                f.delta = QStringLiteral("unchanged");
            } else {
                f.delta = format::moneySigned(delta) +
                          (before > 0 ? QStringLiteral(" (%1)").arg(format::percentSigned(delta / before)) : QString());
                f.delta_role = delta < 0 ? Role::good : Role::bad;
            }
            f.reference = QStringLiteral("today ") + format::moneyWhole(before);
        }
        f.tooltip = provenance;
        f.approximate = approximate;
    } else {
        figures.cost = unknown("The price is unknown");
    }

    if (then.p95_ms) {
        Figure& f = figures.p95;
        const auto quantity = format::duration(then.p95_ms->value);
        f.value = quantity.value;
        f.unit = quantity.unit;
        f.interval = format::durationRange(then.p95_ms->lo, then.p95_ms->hi);
        if (f.interval.endsWith(quantity.unit)) f.interval = f.interval.chopped(quantity.unit.size()).trimmed();
        if (today.p95_ms && today.p95_ms->value > 0) {
            const double share = then.p95_ms->value / today.p95_ms->value - 1;
            if (std::abs(share) < 0.005) {
                f.delta = QStringLiteral("unchanged");
            } else {
                f.delta = format::percentSigned(share);
                f.delta_role = share < 0 ? Role::good : Role::bad;
            }
            f.reference = QStringLiteral("today ") + format::durationText(today.p95_ms->value);
        }
        f.tooltip = QStringLiteral("As the caller sees it: INIT included for cold starts\n") + provenance;
        f.approximate = approximate;
    } else {
        figures.p95 = unknown("No duration has been measured");
    }

    const auto shareFigure = [&](const std::optional<Estimate>& after, const std::optional<Estimate>& before, int decimals,
                                 const char* why) {
        if (!after) return unknown(why);
        Figure f;
        f.value = format::number(100 * after->value, decimals);
        f.unit = QStringLiteral("%");
        if (after->hi - after->lo > 0.5 * std::pow(10.0, -decimals - 2))
            f.interval = format::number(100 * after->lo, decimals) + format::kEnDash + format::number(100 * after->hi, decimals);
        if (before) {
            const double delta = after->value - before->value;
            if (std::abs(delta) < 0.5 * std::pow(10.0, -decimals - 2)) {
                f.delta = QStringLiteral("unchanged");
            } else {
                f.delta = format::points(delta);
                f.delta_role = delta < 0 ? Role::good : Role::bad;
            }
            f.reference = QStringLiteral("today ") + format::percent(before->value, decimals);
        }
        f.tooltip = provenance;
        f.approximate = approximate;
        return f;
    };
    figures.cold = shareFigure(then.cold_start_share, today.cold_start_share, 1, "Cold starts come from logs, which have not been read");
    figures.throttled = shareFigure(then.throttled_share, today.throttled_share, 2, "Throttles have not been read");
    return figures;
}

}  // namespace pilotlight::console
