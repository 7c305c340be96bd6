#include "app/console/fleet.h"

#include <algorithm>
#include <map>
#include <set>

#include "app/console/models/words.h"
#include "widgets/format.h"

namespace pilotlight::console {

namespace format = widgets::format;

Result<TimeRange> RangeText::evaluate(Timestamp now) const {
    PILOTLIGHT_ASSIGN(const Timestamp begin, parseTimeExpression(from, now, false));
    PILOTLIGHT_ASSIGN(const Timestamp end, parseTimeExpression(to, now, true));
    if (end <= begin) {
        return fail(ErrorCode::invalid_argument, "The range ends before it begins", {},
                    "Put the earlier time first, for example now-14d to now.");
    }
    return TimeRange{begin, end};
}

const FunctionRow* Fleet::function(const std::string& id) const {
    const auto found = std::find_if(functions.begin(), functions.end(), [&](const auto& row) { return row.function.id == id; });
    return found == functions.end() ? nullptr : &*found;
}

const ProfileHealth* Fleet::profile(const std::string& name) const {
    const auto found = std::find_if(profiles.begin(), profiles.end(), [&](const auto& health) { return health.profile.name == name; });
    return found == profiles.end() ? nullptr : &*found;
}

const Recommendation* Fleet::recommendation(const std::string& function_id) const {
    const auto found =
        std::find_if(recommendations.begin(), recommendations.end(), [&](const auto& item) { return item.function_id == function_id; });
    return found == recommendations.end() ? nullptr : &*found;
}

std::optional<Timestamp> Fleet::dataAsOf() const {
    std::optional<Timestamp> oldest;
    for (const auto& health : profiles) {
        if (health.data_as_of && (!oldest || *health.data_as_of < *oldest)) oldest = health.data_as_of;
    }
    return oldest;
}

Result<std::shared_ptr<const Fleet>> readFleet(Workspace& workspace, const RangeText& text, bool compare, const JobContext& job) {
    auto fleet = std::make_shared<Fleet>();
    fleet->text = text;
    fleet->now = workspace.now();
    PILOTLIGHT_ASSIGN(fleet->range, text.evaluate(fleet->now));
    const auto take = [&](auto& target, auto result) {
        if (result) {
            target = std::move(*result);
        } else {
            fleet->problems.push_back(result.error());
        }
    };
    PILOTLIGHT_ASSIGN(fleet->profiles, workspace.profiles());
    PILOTLIGHT_TRY(job.check());
    take(fleet->functions, workspace.functions(fleet->range, Figures::kept));
    PILOTLIGHT_TRY(job.check());
    take(fleet->recommendations, workspace.storedRecommendations());
    take(fleet->changes, workspace.changes());
    // What was recommended before the function was last changed speaks of settings that are no longer in force.
    std::erase_if(fleet->recommendations, [&](const Recommendation& recommendation) {
        return std::any_of(fleet->changes.begin(), fleet->changes.end(), [&](const Change& change) {
            return change.function_id == recommendation.function_id && change.applied > recommendation.made_at;
        });
    });
    take(fleet->slos, workspace.slos());
    take(fleet->imports, workspace.imports(50));
    PILOTLIGHT_TRY(job.check());
    take(fleet->costs, workspace.costs(fleet->range, CostKind::computed, Figures::kept));
    fleet->compared = compare;
    if (compare) take(fleet->costs_before, workspace.costs({fleet->range.begin - fleet->range.length(), fleet->range.begin}, CostKind::computed, Figures::kept));
    take(fleet->grants, workspace.freeGrants(fleet->costs));
    PILOTLIGHT_TRY(job.check());
    return std::shared_ptr<const Fleet>(std::move(fleet));
}

std::vector<Need> needsOf(const Fleet& fleet) {
    std::vector<Need> needs;
    const auto add = [&](Need::Level level, QString text, QString figure, std::string id, std::string page, std::string key) {
        needs.push_back({level, text.toStdString(), figure.toStdString(), std::move(id), std::move(page), std::move(key)});
    };
    for (const auto& row : fleet.functions) {
        const QString who = qs(row.function.name);
        if (row.throttles && *row.throttles > 0) {
            const double asked = static_cast<double>(*row.throttles + row.invocations.value_or(0));
            add(Need::Level::bad, QStringLiteral("%1 throttled %2 times").arg(who, format::integer(static_cast<double>(*row.throttles))),
                format::percent(static_cast<double>(*row.throttles) / asked), row.function.id, {}, "throttle:" + row.function.id);
        }
        if (row.errors && row.invocations && *row.invocations > 0 && *row.errors * 100 > *row.invocations) {
            add(Need::Level::bad, QStringLiteral("%1 fails").arg(who),
                QStringLiteral("%1 of requests")
                    .arg(format::percent(static_cast<double>(*row.errors) / static_cast<double>(*row.invocations))),
                row.function.id, {}, "errors:" + row.function.id);
        }
        if (row.max_memory_used_mb && row.function.memory.value > 0 && *row.max_memory_used_mb > 0.95 * row.function.memory.value) {
            add(Need::Level::caution, QStringLiteral("%1 is close to its memory limit").arg(who),
                QStringLiteral("%1 of %2").arg(format::integer(*row.max_memory_used_mb), format::megabytes(row.function.memory.value)),
                row.function.id, {}, "memory:" + row.function.id);
        }
        const auto* recommendation = fleet.recommendation(row.function.id);
        if (recommendation && recommendation->status == RecommendationStatus::recommended) {
            for (const auto& change : recommendation->changes) {
                if (change.setting.rfind("warm_pool", 0) != 0) continue;
                const double before = qs(change.before).toDouble(), after = qs(change.after).toDouble();
                if (before > after) {
                    add(Need::Level::caution,
                        QStringLiteral("%1 keeps %2 warm, needs %3").arg(who, format::integer(before), format::integer(after)),
                        recommendation->saving_month
                            ? format::moneyWhole(recommendation->saving_month->value.toDouble()) + QStringLiteral("/mo")
                            : QString(),
                        row.function.id, {}, "pool:" + row.function.id);
                }
            }
        }
    }
    const auto functionName = [&](const std::string& id) {
        const auto* row = fleet.function(id);
        return row ? qs(row->function.name) : qs(id).section(QLatin1Char(':'), -1);
    };
    for (const auto& change : fleet.changes) {
        const QString who = functionName(change.function_id);
        if (change.status == ChangeStatus::watching || change.status == ChangeStatus::applied) {
            add(Need::Level::watch, QStringLiteral("%1 change watched").arg(who),
                change.watch_until > fleet.now
                    ? QStringLiteral("%1 left").arg(format::spanText(static_cast<double>((change.watch_until - fleet.now).count())))
                    : QStringLiteral("verdict due"),
                {}, "changes", "change:" + change.id);
        } else if (change.status == ChangeStatus::pending || change.status == ChangeStatus::failed) {
            add(Need::Level::bad, QStringLiteral("%1 change %2").arg(who, statusLabel(change.status)), {}, {}, "changes",
                "change:" + change.id);
        } else if (change.status == ChangeStatus::reverted && fleet.now - change.decided < hours(24)) {
            add(Need::Level::caution, QStringLiteral("%1 change was reverted").arg(who), format::ago(change.decided, fleet.now), {},
                "changes", "change:" + change.id);
        }
    }
    for (const auto& health : fleet.profiles) {
        if (!health.last_sync) {
            add(Need::Level::note, QStringLiteral("%1 has not been read yet").arg(qs(health.profile.name)), {}, {}, "connections",
                "sync:" + health.profile.name);
        } else if (!health.last_sync->problems.empty()) {
            const auto count = static_cast<double>(health.last_sync->problems.size());
            add(Need::Level::caution, QStringLiteral("%1: parts could not be read").arg(qs(health.profile.name)),
                QStringLiteral("%1 %2").arg(format::integer(count), count == 1 ? QStringLiteral("part") : QStringLiteral("parts")), {},
                "connections", "sync:" + health.profile.name);
        }
    }
    std::stable_sort(needs.begin(), needs.end(), [](const Need& a, const Need& b) { return a.level > b.level; });
    return needs;
}

}  // namespace pilotlight::console
