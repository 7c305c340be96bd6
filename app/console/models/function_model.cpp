#include "app/console/models/function_model.h"

#include <algorithm>

#include "app/console/models/words.h"
#include "widgets/format.h"
#include "widgets/table_delegates.h"

namespace pilotlight::console {

namespace format = widgets::format;
using widgets::Role;

std::vector<FunctionItem> functionItems(const Fleet& fleet) {
    QHash<QString, const Recommendation*> recommended;
    for (const auto& item : fleet.recommendations) recommended.insert(qs(item.function_id), &item);
    QHash<QString, const Change*> changed;
    for (const auto& change : fleet.changes) {
        if (!changed.contains(qs(change.function_id))) changed.insert(qs(change.function_id), &change);
    }
    std::vector<FunctionItem> items;
    items.reserve(fleet.functions.size());
    for (const auto& row : fleet.functions) {
        FunctionItem item;
        item.row = row;
        if (const auto* found = recommended.value(qs(row.function.id))) item.recommendation = *found;
        if (const auto* found = changed.value(qs(row.function.id))) item.last_change = *found;
        items.push_back(std::move(item));
    }
    return items;
}

namespace {

Cell count(const std::optional<std::int64_t>& value, Role some = Role::text) {
    if (!value) return unknownCell(QStringLiteral("Not read for this range"));
    return numberCell(format::integer(static_cast<double>(*value)), static_cast<double>(*value), *value > 0 ? some : Role::text);
}

Cell duration(const std::optional<double>& ms) {
    if (!ms) {
        return unknownCell(
            QStringLiteral("Needs complete logs, or one metric period that spans the range; percentiles are never averaged"));
    }
    return numberCell(format::durationText(*ms), *ms);
}

Cell saving(const FunctionItem& item) {
    if (item.last_change && item.last_change->status == ChangeStatus::kept && item.last_change->realised_saving_month &&
        (!item.recommendation || item.recommendation->status != RecommendationStatus::recommended)) {
        const double value = item.last_change->realised_saving_month->value.toDouble();
        return numberCell(QStringLiteral("kept ") + format::moneySigned(-value), value, value >= 0 ? Role::good : Role::bad);
    }
    if (!item.recommendation) {
        Cell cell = textCell(QString(format::kEnDash), Role::faint);
        cell.sort = {};
        cell.tooltip = QStringLiteral("Not judged yet");
        return cell;
    }
    const auto& recommendation = *item.recommendation;
    if (recommendation.status == RecommendationStatus::inconclusive) {
        Cell cell = textCell(QStringLiteral("inconclusive"), Role::muted);
        cell.sort = {};
        cell.tooltip = qs(recommendation.needs.empty() ? std::string("Too little data to tell") : "Needs " + recommendation.needs);
        return cell;
    }
    if (recommendation.status == RecommendationStatus::optimal) return numberCell(QStringLiteral("as it should be"), 0, Role::muted);
    if (!recommendation.saving_month) return unknownCell(QStringLiteral("The price is unknown"));
    const double value = recommendation.saving_month->value.toDouble();
    Cell cell = numberCell(savingShort(recommendation), value, value >= 0 ? Role::good : Role::warm);
    cell.tooltip = savingText(recommendation) + QStringLiteral("\n") + changesText(recommendation.changes);
    return cell;
}

}  // namespace

std::vector<Column<FunctionItem>> functionColumns(const QStringList& keys) {
    using Item = const FunctionItem&;
    const std::vector<Column<FunctionItem>> all{
        {"name", "Function",
         [](Item i) {
             auto c = textCell(qs(i.row.function.name));
             c.tooltip = qs(i.row.function.id);
             return c;
         }},
        {"platform", "",
         [](Item i) {
             auto c = textCell(platformShort(i.row.function.platform), Role::muted);
             c.chip = true;
             return c;
         },
         false, "Platform"},
        {"profile", "Connection", [](Item i) { return textCell(qs(i.row.function.profile), Role::muted); }},
        {"region", "Region", [](Item i) { return textCell(qs(i.row.function.region), Role::muted); }},
        {"memory", "Memory", [](Item i) { return numberCell(format::megabytes(i.row.function.memory.value), i.row.function.memory.value); },
         true, "Configured size"},
        {"used", "Used",
         [](Item i) {
             return i.row.max_memory_used_mb
                        ? numberCell(format::megabytes(*i.row.max_memory_used_mb), *i.row.max_memory_used_mb, Role::muted)
                        : unknownCell(QStringLiteral("No log line of this range says"));
         },
         true, "Largest memory used, from logs"},
        {"pool", "Warm pool",
         [](Item i) {
             const auto pool = i.row.function.warmPool();
             return pool ? numberCell(format::integer(*pool), *pool, *pool > 0 ? Role::warm : Role::muted)
                         : unknownCell(QStringLiteral("Could not be read"));
         },
         true, "Instances kept warm, all aliases"},
        {"limit", "Limit",
         [](Item i) {
             auto c = textCell(limitText(i.row.function.instance_limit), Role::muted);
             const auto& limit = i.row.function.instance_limit;
             c.sort = limit.kind == InstanceLimit::Kind::limited ? QVariant(double(limit.value))
                      : limit.kind == InstanceLimit::Kind::none  ? QVariant(1e9)
                                                                 : QVariant();
             return c;
         },
         true, "Reserved concurrency or maximum instances"},
        {"cost", "Cost / month",
         [](Item i) {
             if (!i.row.cost) return unknownCell(qs(i.row.cost_note));
             const double month = perMonth(i.row);
             auto c = numberCell(format::moneyWhole(month), month);
             c.tooltip =
                 QStringLiteral("%1 in the range, before grants\n%2").arg(format::money(*i.row.cost), qs(i.row.cost_note));
             return c;
         },
         true, "List price of the range's usage, per 30 days"},
        {"saving", "Saving available", [](Item i) { return saving(i); }, true, "Recommended change, per month, with its 90 % interval"},
        {"invocations", "Invocations", [](Item i) { return count(i.row.invocations); }, true, "Sum over the range"},
        {"errors", "Errors", [](Item i) { return count(i.row.errors, Role::bad); }, true, "Sum over the range"},
        {"throttles", "Throttles", [](Item i) { return count(i.row.throttles, Role::bad); }, true, "Sum over the range"},
        {"p50", "p50", [](Item i) { return duration(i.row.p50_ms); }, true, "Handler duration, INIT excluded"},
        {"p95", "p95", [](Item i) { return duration(i.row.p95_ms); }, true, "Handler duration, INIT excluded"},
        {"p99", "p99", [](Item i) { return duration(i.row.p99_ms); }, true, "Handler duration, INIT excluded"},
        {"cold", "Cold",
         [](Item i) {
             return i.row.cold_start_share
                        ? numberCell(format::percent(*i.row.cold_start_share), *i.row.cold_start_share,
                                     *i.row.cold_start_share >= 0.05 ? Role::cold : Role::text)
                        : unknownCell(QStringLiteral("Cold starts come from logs, which have not been read for this range"));
         },
         true, "Share of requests that waited for a new instance"},
        {"owner", "Owner",
         [](Item i) {
             return i.row.function.owner ? textCell(qs(*i.row.function.owner), Role::muted)
                                         : textCell(QString(format::kEnDash), Role::faint);
         },
         false, "Infrastructure code that owns the settings"},
        {"trend", "24 h",
         [](Item i) {
             Cell c;
             for (const float v : i.row.sparkline) c.sparkline.push_back(v);
             if (c.sparkline.isEmpty()) return unknownCell(QStringLiteral("Not read for the last 24 hours"));
             c.role = i.row.throttles.value_or(0) > 0                                                     ? Role::bad
                      : i.recommendation && i.recommendation->status == RecommendationStatus::recommended ? Role::warm
                                                                                                          : Role::cold;
             return c;
         },
         true, "Invocations in the last 24 hours"},
    };
    if (keys.isEmpty()) return all;
    std::vector<Column<FunctionItem>> picked;
    for (const auto& key : keys) {
        for (const auto& column : all) {
            if (column.key == key) picked.push_back(column);
        }
    }
    return picked;
}

FunctionModel::FunctionModel(const QStringList& keys, QObject* parent)
    : RowModel<FunctionItem>(functionColumns(keys), [](const FunctionItem& item) { return qs(item.row.function.id); }, parent) {}

const QStringList& functionTextFields() {
    static const QStringList fields{"name", "profile", "region", "platform", "runtime", "arch", "owner", "status", "tag"};
    return fields;
}

const QStringList& functionNumberFields() {
    static const QStringList fields{"memory", "cost", "saving", "invocations", "errors", "throttles",
                                    "p50",    "p95",  "p99",    "cold",        "pool",   "used"};
    return fields;
}

QString functionWords(const FunctionItem& item) {
    const auto& f = item.row.function;
    QStringList words{qs(f.name), qs(f.id), qs(f.profile), qs(f.region), qs(f.runtime), platformService(f.platform)};
    for (const auto& [key, value] : f.tags) words << qs(key) + QLatin1Char('=') + qs(value);
    for (const auto& qualifier : f.qualifiers) words << qs(qualifier.name);
    return words.join(QLatin1Char('\n'));
}

FilterFields functionFields(const FunctionItem& item) {
    FilterFields fields;
    fields.text = [&item](const QString& field) -> std::optional<QString> {
        const auto& f = item.row.function;
        if (field == QLatin1String("name")) return qs(f.name);
        if (field == QLatin1String("profile")) return qs(f.profile);
        if (field == QLatin1String("region")) return qs(f.region);
        if (field == QLatin1String("platform")) return QString::fromUtf8(name(f.platform));
        if (field == QLatin1String("runtime")) return qs(f.runtime);
        if (field == QLatin1String("arch")) return QString::fromUtf8(name(f.architecture));
        if (field == QLatin1String("owner")) return qs(f.owner.value_or("none"));
        if (field == QLatin1String("status")) {
            return item.recommendation ? QString::fromUtf8(name(item.recommendation->status)) : QStringLiteral("unknown");
        }
        if (field == QLatin1String("tag")) {
            QStringList tags;
            for (const auto& [key, value] : f.tags) tags << qs(key) + QLatin1Char('=') + qs(value);
            return tags.join(QLatin1Char('\n'));
        }
        return std::nullopt;
    };
    fields.number = [&item](const QString& field) -> std::optional<std::optional<double>> {
        using Number = std::optional<double>;
        const auto& row = item.row;
        const auto of = [](const auto& value) -> Number {
            if (!value) return std::nullopt;
            return static_cast<double>(*value);
        };
        if (field == QLatin1String("memory")) return Number(row.function.memory.value);
        if (field == QLatin1String("cost")) return row.cost ? Number(perMonth(row)) : Number();
        if (field == QLatin1String("saving")) {
            return item.recommendation && item.recommendation->saving_month ? Number(item.recommendation->saving_month->value.toDouble())
                                                                            : Number();
        }
        if (field == QLatin1String("invocations")) return of(row.invocations);
        if (field == QLatin1String("errors")) return of(row.errors);
        if (field == QLatin1String("throttles")) return of(row.throttles);
        if (field == QLatin1String("p50")) return row.p50_ms;
        if (field == QLatin1String("p95")) return row.p95_ms;
        if (field == QLatin1String("p99")) return row.p99_ms;
        if (field == QLatin1String("cold")) return row.cold_start_share;
        if (field == QLatin1String("pool")) return of(row.function.warmPool());
        if (field == QLatin1String("used")) return row.max_memory_used_mb;
        return std::nullopt;
    };
    return fields;
}

namespace {
// Unknown is last whichever way the column is sorted.
bool before(const QModelIndex& left, const QModelIndex& right, int role, Qt::SortOrder order) {
    const QVariant a = left.data(role), b = right.data(role);
    if (!a.isValid() || !b.isValid()) {
        if (a.isValid() == b.isValid()) return left.row() < right.row();
        return order == Qt::AscendingOrder ? a.isValid() : b.isValid();
    }
    if (a.userType() == QMetaType::QString) return QString::localeAwareCompare(a.toString(), b.toString()) < 0;
    return a.toDouble() < b.toDouble();
}
}  // namespace

FunctionProxy::FunctionProxy(QObject* parent) : QSortFilterProxyModel(parent) { setDynamicSortFilter(true); }

void FunctionProxy::setFilter(Filter filter) {
    filter_ = std::move(filter);
    invalidateFilter();
}

bool FunctionProxy::filterAcceptsRow(int row, const QModelIndex&) const {
    if (filter_.empty()) return true;
    const auto* model = dynamic_cast<const FunctionModel*>(sourceModel());
    if (model == nullptr) return true;
    const auto& item = model->row(row);
    return filter_.matches(functionWords(item), functionFields(item));
}

bool FunctionProxy::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    return before(left, right, widgets::SortRole, sortOrder());
}

SortProxy::SortProxy(QObject* parent) : QSortFilterProxyModel(parent) { setDynamicSortFilter(true); }

bool SortProxy::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    return before(left, right, widgets::SortRole, sortOrder());
}

}  // namespace pilotlight::console
