#include "app/console/models/words.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "app/console/fleet.h"
#include "core/domain/price_words.h"
#include "widgets/format.h"

namespace pilotlight::console {

namespace format = widgets::format;
using widgets::Role;

QString platformShort(PlatformKind kind) {
    switch (kind) {
        case PlatformKind::aws:
            return QStringLiteral("AWS");
        case PlatformKind::gcp:
            return QStringLiteral("GCP");
        case PlatformKind::azure:
            return QStringLiteral("Azure");
    }
    return {};
}

QString platformService(PlatformKind kind) {
    switch (kind) {
        case PlatformKind::aws:
            return QStringLiteral("AWS Lambda");
        case PlatformKind::gcp:
            return QStringLiteral("Cloud Run");
        case PlatformKind::azure:
            return QStringLiteral("Azure Functions");
    }
    return {};
}

QString poolWord(PlatformKind kind) {
    switch (kind) {
        case PlatformKind::aws:
            return QStringLiteral("provisioned");
        case PlatformKind::gcp:
            return QStringLiteral("minimum instances");
        case PlatformKind::azure:
            return QStringLiteral("always ready");
    }
    return {};
}

QString limitWord(PlatformKind kind) {
    return kind == PlatformKind::aws ? QStringLiteral("reserved concurrency") : QStringLiteral("maximum instances");
}

QString meterLabel(const std::string& meter) {
    static const std::map<std::string, QString, std::less<>> labels{
        {meter::kRequests, QStringLiteral("Requests")},
        {meter::kDuration, QStringLiteral("Duration, on demand")},
        {meter::kInit, QStringLiteral("INIT of cold starts")},
        {meter::kPoolKept, QStringLiteral("Warm pool kept")},
        {meter::kPoolDuration, QStringLiteral("Duration, provisioned")},
        {meter::kStorage, QStringLiteral("Ephemeral storage")},
        {meter::kVcpu, QStringLiteral("vCPU")},
        {meter::kMemory, QStringLiteral("Memory")},
        {meter::kIdleVcpu, QStringLiteral("vCPU, idle")},
        {meter::kIdleMemory, QStringLiteral("Memory, idle")},
        {meter::kGpu, QStringLiteral("GPU")},
        {meter::kOther, QStringLiteral("Other")},
    };
    const auto found = labels.find(meter);
    return found == labels.end() ? qs(meter) : found->second;
}

QString environmentLabel(Environment environment) { return QString::fromUtf8(name(environment)); }

widgets::ColourBand::Environment bandOf(std::optional<Environment> environment) {
    using Band = widgets::ColourBand::Environment;
    if (!environment) return Band::none;
    return *environment == Environment::production ? Band::production : *environment == Environment::staging ? Band::staging : Band::dev;
}

Role environmentRole(Environment environment) {
    switch (environment) {
        case Environment::production:
            return Role::bad;
        case Environment::staging:
            return Role::warm;
        case Environment::dev:
            return Role::good;
    }
    return Role::muted;
}

namespace {
struct SettingName {
    std::string base, qualifier;
};
SettingName split(const std::string& setting) {
    const auto at = setting.find('@');
    if (at == std::string::npos) return {setting, {}};
    return {setting.substr(0, at), setting.substr(at + 1)};
}
}  // namespace

QString settingLabel(const std::string& setting) {
    static const std::map<std::string, QString, std::less<>> labels{
        {"memory_mb", QStringLiteral("Memory")},
        {"vcpu", QStringLiteral("vCPU")},
        {"concurrency", QStringLiteral("Concurrency")},
        {"warm_pool", QStringLiteral("Warm pool")},
        {"warm_schedule", QStringLiteral("Warm schedule")},
        {"instance_limit", QStringLiteral("Instance limit")},
        {"timeout_s", QStringLiteral("Timeout")},
    };
    const auto [base, qualifier] = split(setting);
    const auto found = labels.find(base);
    const QString label = found == labels.end() ? qs(base) : found->second;
    return qualifier.empty() ? label : label + QStringLiteral(" on ") + qs(qualifier);
}

QString settingValue(const std::string& setting, const std::string& value) {
    const auto base = split(setting).base;
    if (value.empty() || value == "unknown") return format::unknown();
    if (value == "none") return QStringLiteral("unset");
    bool number = false;
    const double parsed = qs(value).toDouble(&number);
    if (!number) return qs(value);
    if (base == "memory_mb") return format::megabytes(parsed);
    if (base == "timeout_s") return format::spanText(parsed * 1000);
    if (base == "vcpu") return format::significant(parsed);
    return format::integer(parsed);
}

QString changeText(const SettingChange& change) {
    QString before = settingValue(change.setting, change.before);
    const QString after = settingValue(change.setting, change.after);
    // One unit is enough, and it says what is meant: "1,024 → 2,048 MB".
    const QString unit = QStringLiteral("MB");
    if (before.endsWith(unit) && after.endsWith(unit)) {
        before.chop(unit.size());
        while (!before.isEmpty() && before.back().isSpace()) before.chop(1);
        return before + QLatin1Char(' ') + format::kArrow + QLatin1Char(' ') + after;
    }
    return settingLabel(change.setting) + QLatin1Char(' ') + before + QLatin1Char(' ') + format::kArrow + QLatin1Char(' ') + after;
}

QString changesText(const std::vector<SettingChange>& changes) {
    QStringList parts;
    for (const auto& change : changes) parts << changeText(change);
    return parts.join(QStringLiteral(", "));
}

QString scheduleText(const WarmSchedule& schedule) {
    static const char* const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    if (schedule.empty()) return QStringLiteral("none");
    const auto daysText = [](std::uint8_t mask) {
        QStringList runs;
        for (int d = 0; d < 7;) {
            if (!(mask & (1U << d))) {
                ++d;
                continue;
            }
            int end = d;
            while (end + 1 < 7 && (mask & (1U << (end + 1)))) ++end;
            runs << (end > d ? QString::fromLatin1(days[d]) + format::kEnDash + QLatin1String(days[end]) : QString::fromLatin1(days[d]));
            d = end + 1;
        }
        return runs.join(QLatin1Char(' '));
    };
    QStringList parts;
    for (const auto& entry : schedule.entries) {
        const auto clock = QStringLiteral("%1:%2")
                               .arg(entry.minute_of_day / 60, 2, 10, QLatin1Char('0'))
                               .arg(entry.minute_of_day % 60, 2, 10, QLatin1Char('0'));
        parts << QStringLiteral("%1 from %2 %3").arg(entry.level).arg(daysText(entry.weekdays), clock);
    }
    return parts.join(QStringLiteral(", ")) + QStringLiteral(" (%1)").arg(qs(schedule.time_zone));
}

QString statusLabel(ChangeStatus status) {
    switch (status) {
        case ChangeStatus::pending:
            return QStringLiteral("pending");
        case ChangeStatus::applied:
            return QStringLiteral("applied");
        case ChangeStatus::failed:
            return QStringLiteral("failed");
        case ChangeStatus::refused:
            return QStringLiteral("refused");
        case ChangeStatus::watching:
            return QStringLiteral("watching");
        case ChangeStatus::kept:
            return QStringLiteral("kept");
        case ChangeStatus::reverted:
            return QStringLiteral("reverted");
        case ChangeStatus::inconclusive:
            return QStringLiteral("inconclusive");
    }
    return {};
}

Role statusRole(ChangeStatus status) {
    switch (status) {
        case ChangeStatus::kept:
            return Role::good;
        case ChangeStatus::failed:
            return Role::bad;
        case ChangeStatus::reverted:
        case ChangeStatus::pending:
            return Role::warm;
        case ChangeStatus::applied:
        case ChangeStatus::watching:
            return Role::cold;
        case ChangeStatus::refused:
        case ChangeStatus::inconclusive:
            return Role::muted;
    }
    return Role::muted;
}

QString savingText(const Recommendation& recommendation) {
    if (recommendation.status == RecommendationStatus::inconclusive) return QStringLiteral("Inconclusive");
    if (recommendation.status == RecommendationStatus::optimal) return QStringLiteral("Nothing to change");
    if (!recommendation.saving_month) return QStringLiteral("Saving unknown");
    const double value = recommendation.saving_month->value.toDouble();
    const double lo = recommendation.saving_month->lo.toDouble(), hi = recommendation.saving_month->hi.toDouble();
    if (value >= 0.005) return QStringLiteral("Save %1 a month (%2)").arg(format::moneyWhole(value), format::moneyRange(lo, hi));
    if (value <= -0.005) return QStringLiteral("Costs %1 a month more (%2)").arg(format::moneyWhole(-value), format::moneyRange(-hi, -lo));
    return QStringLiteral("Same cost");
}

QString savingShort(const Recommendation& recommendation) {
    if (recommendation.status == RecommendationStatus::inconclusive) return QStringLiteral("inconclusive");
    if (recommendation.status != RecommendationStatus::recommended || !recommendation.saving_month) return {};
    const auto& saving = *recommendation.saving_month;
    const double half = (saving.hi - saving.lo).toDouble() / 2;
    return format::moneySigned(-saving.value.toDouble()) + QLatin1Char(' ') + format::plusMinus(half);
}

QString limitText(const InstanceLimit& limit) {
    switch (limit.kind) {
        case InstanceLimit::Kind::unknown:
            return format::unknown();
        case InstanceLimit::Kind::none:
            return QStringLiteral("unset");
        case InstanceLimit::Kind::limited:
            return format::integer(limit.value);
    }
    return {};
}

QString shortId(const std::string& id) { return qs(id).left(8); }

double perMonth(Money amount, TimeRange period) {
    if (period.empty()) return 0;
    const double days = std::chrono::duration<double>(period.length()).count() / 86'400.0;
    return amount.toDouble() * 30.0 / days;
}

double perMonth(const FunctionRow& row) {
    if (!row.cost) return 0;
    if (row.covered <= milliseconds(0)) return perMonth(*row.cost, row.period);
    return perMonth(*row.cost, {row.period.begin, row.period.begin + row.covered});
}

QString pricesText(const Fleet& fleet) {
    std::vector<Profile> profiles;
    for (const auto& health : fleet.profiles) profiles.push_back(health.profile);
    return qs(priceWords(profiles)).replace(QStringLiteral(" x "), QStringLiteral(" × "));
}

QString shownOnlyText(const Function& function) {
    QStringList parts;
    const auto text = [&](const char* key) { return qs(std::string(function.untunedText(key))); };
    if (function.platform == PlatformKind::gcp && function.untunedText(untuned_key::kKind) != "gen1")
        parts << (function.untunedText(untuned_key::kBilling) == "instance" ? QStringLiteral("billed by the instance") : QStringLiteral("billed by the request"));
    if (const QString gpu = text(untuned_key::kAccelerator); !gpu.isEmpty())
        parts << gpu + (text(untuned_key::kGpuRedundancy) == QLatin1String("off") ? QStringLiteral(", no zonal redundancy") : QStringLiteral(", zonal redundancy"));
    if (text(untuned_key::kStartupBoost) == QLatin1String("on")) parts << QStringLiteral("startup CPU boost");
    if (const QString plan = text(untuned_key::kPlan); !plan.isEmpty())
        parts << text(untuned_key::kKind) + QStringLiteral(" plan ") + plan.section(QLatin1Char('/'), -1);
    if (parts.isEmpty()) return {};
    return parts.join(QStringLiteral(" \u00b7 ")) + QStringLiteral(": shown only, Pilotlight does not set %1").arg(parts.size() == 1 ? QStringLiteral("this") : QStringLiteral("these"));
}

QString appFunctionsText(const Function& function) {
    if (!function.app_functions) return {};
    const auto& all = *function.app_functions;
    QStringList names;
    for (const auto& each : all) {
        QString trigger = qs(each.trigger);
        if (trigger.endsWith(QStringLiteral("Trigger"))) trigger.chop(7);
        if (each.disabled) trigger += trigger.isEmpty() ? QStringLiteral("disabled") : QStringLiteral(", disabled");
        names << qs(each.name) + (trigger.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(trigger));
    }
    const QString count = all.empty() ? QStringLiteral("no function") : all.size() == 1 ? QStringLiteral("1 function") : QStringLiteral("%1 functions").arg(static_cast<qulonglong>(all.size()));
    return names.isEmpty() ? count : count + QStringLiteral(": ") + names.join(QStringLiteral(", "));
}

}  // namespace pilotlight::console
