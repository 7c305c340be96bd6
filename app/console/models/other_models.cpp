#include "app/console/models/other_models.h"

#include <QTimeZone>
#include <algorithm>
#include <map>
#include <set>

#include "app/console/models/words.h"
#include "widgets/format.h"

namespace pilotlight::console {

namespace format = widgets::format;
using widgets::Role;

namespace {
std::string nameOf(const Fleet& fleet, const std::string& id) {
    if (const auto* row = fleet.function(id)) return row->function.name;
    const auto colon = id.rfind(':');
    return colon == std::string::npos ? id : id.substr(colon + 1);
}
double seconds1970(Timestamp t) { return static_cast<double>(t.time_since_epoch().count()) / 1000.0; }
}  // namespace

std::vector<NamedRecommendation> namedRecommendations(const Fleet& fleet) {
    std::vector<NamedRecommendation> items;
    for (const auto& recommendation : fleet.recommendations) {
        const auto* row = fleet.function(recommendation.function_id);
        if (row == nullptr) continue;
        items.push_back({recommendation, row->function.name, row->function.profile});
    }
    return items;
}

RecommendationModel::RecommendationModel(QObject* parent)
    : RowModel<NamedRecommendation>(
          {
              {"function", "Function", [](const NamedRecommendation& i) { return textCell(qs(i.function_name)); }},
              {"change", "Change",
               [](const NamedRecommendation& i) {
                   return i.recommendation.status == RecommendationStatus::recommended ? textCell(changesText(i.recommendation.changes))
                          : i.recommendation.status == RecommendationStatus::optimal
                              ? textCell(QStringLiteral("as it should be"), Role::muted)
                              : textCell(QStringLiteral("needs ") + qs(i.recommendation.needs), Role::muted);
               }},
              {"saving", "Saving / month",
               [](const NamedRecommendation& i) {
                   if (!i.recommendation.saving_month) return unknownCell(savingText(i.recommendation));
                   const double value = i.recommendation.saving_month->value.toDouble();
                   auto cell = numberCell(savingShort(i.recommendation), value, value >= 0 ? Role::good : Role::warm);
                   if (cell.text.isEmpty()) cell.text = format::kEnDash;
                   return cell;
               },
               true},
              {"effort", "Effort", [](const NamedRecommendation& i) { return textCell(qs(i.recommendation.effort), Role::muted); }},
              {"risk", "Risk",
               [](const NamedRecommendation& i) {
                   return textCell(qs(i.recommendation.risk), i.recommendation.risk == "high"     ? Role::bad
                                                              : i.recommendation.risk == "medium" ? Role::warm
                                                                                                  : Role::muted);
               }},
          },
          [](const NamedRecommendation& i) { return qs(i.recommendation.function_id); }, parent) {}

std::vector<ChangeItem> changeItems(const Fleet& fleet, const std::string& function_id) {
    std::vector<ChangeItem> items;
    for (const auto& change : fleet.changes) {
        if (!function_id.empty() && change.function_id != function_id) continue;
        items.push_back({change, nameOf(fleet, change.function_id), fleet.now});
    }
    return items;
}

namespace {
Cell moneyCell(const std::optional<MoneyEstimate>& saving, const QString& why) {
    if (!saving) {
        auto cell = textCell(QString(format::kEnDash), Role::faint);
        cell.sort = {};
        cell.tooltip = why;
        return cell;
    }
    const double value = saving->value.toDouble();
    auto cell = numberCell(format::moneySigned(-value), value, value >= 0 ? Role::good : Role::bad);
    cell.tooltip = QStringLiteral("90 % interval %1").arg(format::moneyRange(-saving->hi.toDouble(), -saving->lo.toDouble()));
    return cell;
}

std::vector<Column<ChangeItem>> changeColumns(bool with_function) {
    std::vector<Column<ChangeItem>> columns{
        {"time", "When",
         [](const ChangeItem& i) {
             auto cell = numberCell(format::dateTime(i.change.started, QTimeZone::utc()), seconds1970(i.change.started), Role::muted);
             return cell;
         }},
        {"status", "Status",
         [](const ChangeItem& i) {
             auto cell = textCell(statusLabel(i.change.status), statusRole(i.change.status));
             cell.chip = true;
             cell.tooltip = qs(i.change.detail);
             return cell;
         }},
    };
    if (with_function) columns.push_back({"function", "Function", [](const ChangeItem& i) { return textCell(qs(i.function_name)); }});
    columns.push_back({"change", "Change", [](const ChangeItem& i) { return textCell(changesText(i.change.changes)); }});
    columns.push_back(
        {"predicted", "Predicted / month",
         [](const ChangeItem& i) { return moneyCell(i.change.predicted_saving_month, QStringLiteral("The plan had no cost estimate")); },
         true});
    columns.push_back({"realised", "Measured / month",
                       [](const ChangeItem& i) {
                           return moneyCell(i.change.realised_saving_month, i.change.status == ChangeStatus::watching
                                                                                ? QStringLiteral("Known when the watch ends")
                                                                                : QStringLiteral("Not measured"));
                       },
                       true});
    return columns;
}
}  // namespace

ChangeModel::ChangeModel(bool with_function, QObject* parent)
    : RowModel<ChangeItem>(changeColumns(with_function), [](const ChangeItem& i) { return qs(i.change.id); }, parent) {}

namespace {
std::string groupKey(const CostLine& line, CostGroup group) {
    switch (group) {
        case CostGroup::function:
            return line.function_id;
        case CostGroup::meter:
            return line.meter;
        case CostGroup::profile:
            return line.profile;
        case CostGroup::day:
            return toIso8601(floorTo(line.period.begin, hours(24))).substr(0, 10);
    }
    return {};
}
QString groupLabel(const Fleet& fleet, const std::string& key, CostGroup group) {
    switch (group) {
        case CostGroup::function:
            return key.empty() ? QStringLiteral("not of one function") : qs(nameOf(fleet, key));
        case CostGroup::meter:
            return meterLabel(key);
        case CostGroup::profile:
            return qs(key);
        case CostGroup::day:
            return qs(key);
    }
    return {};
}
}  // namespace

std::vector<CostRow> costRows(const Fleet& fleet, CostGroup group) {
    std::map<std::string, Money> sums;
    Money all;
    for (const auto& line : fleet.costs) {
        sums[groupKey(line, group)] += line.amount;
        all += line.amount;
    }
    std::vector<CostRow> rows;
    for (const auto& [key, amount] : sums) {
        CostRow row;
        row.key = key;
        row.label = groupLabel(fleet, key, group);
        row.amount = amount;
        row.month = perMonth(amount, fleet.range);
        row.share = all.units() != 0 ? amount.toDouble() / all.toDouble() : 0;
        if (const auto* function = group == CostGroup::function ? fleet.function(key) : nullptr) row.note = qs(function->cost_note);
        rows.push_back(std::move(row));
    }
    if (group == CostGroup::day) return rows;
    std::sort(rows.begin(), rows.end(), [](const CostRow& a, const CostRow& b) { return a.amount > b.amount; });
    if (group == CostGroup::function) {
        for (const auto& function : fleet.functions) {
            if (sums.contains(function.function.id) || function.cost) continue;
            CostRow row;
            row.key = function.function.id;
            row.label = qs(function.function.name);
            row.known = false;
            row.note = qs(function.cost_note);
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

QString grantsText(const Fleet& fleet) {
    if (fleet.grants.empty()) return {};
    QStringList lines{QStringLiteral("Free grants are an account's and a month's, not a function's: they are in no cost shown here. At most they take off:")};
    for (const auto& grant : fleet.grants)
        lines << QStringLiteral("%1, %2, %3: %4 (%5 %6)")
                     .arg(qs(grant.profile), qs(toIso8601(grant.period.begin).substr(0, 7)), meterLabel(grant.meter), format::money(Money{} - grant.amount),
                          format::compact(-grant.quantity), qs(grant.unit));
    return lines.join(QLatin1Char('\n'));
}

std::optional<CostsBefore> costsBefore(const Fleet& fleet) {
    if (fleet.costs_before.empty()) return std::nullopt;
    CostsBefore out;
    std::map<Timestamp, double> days;
    for (const auto& line : fleet.costs_before) {
        days[floorTo(line.period.begin, hours(24)) + fleet.range.length()] += line.amount.toDouble();
        out.total += line.amount;
    }
    for (const auto& [day, amount] : days) {
        out.days.push_back(day);
        out.amounts.push_back(amount);
    }
    const Timestamp first = out.days.front() - fleet.range.length(), begin = fleet.range.begin - fleet.range.length();
    if (first > begin) out.read_from = first;
    return out;
}

CostStack costStack(const Fleet& fleet, CostGroup group, int top) {
    CostStack stack;
    if (fleet.costs.empty()) return stack;
    std::map<Timestamp, std::size_t> index;
    const Timestamp known = std::min(fleet.range.end, fleet.dataAsOf().value_or(fleet.now));
    for (Timestamp day = floorTo(fleet.range.begin, hours(24)); day < fleet.range.end; day += hours(24)) {
        index[day] = stack.days.size();
        stack.days.push_back(day);
        // A first day that the range cuts and days that have not been read to their end are shown as not complete.
        stack.incomplete.push_back(day < fleet.range.begin || day + hours(24) > known);
    }
    const auto rows = costRows(fleet, group);
    std::map<std::string, std::size_t> layer;
    for (const auto& row : rows) {
        if (!row.known || row.amount.units() == 0) continue;
        if (static_cast<int>(stack.layers.size()) == top) break;
        layer[row.key] = stack.layers.size();
        stack.layers.push_back({row.label, std::vector<double>(stack.days.size(), 0.0)});
    }
    std::optional<std::size_t> other;
    for (const auto& line : fleet.costs) {
        const auto day = index.find(floorTo(line.period.begin, hours(24)));
        if (day == index.end()) continue;
        const auto found = layer.find(groupKey(line, group));
        std::size_t at = 0;
        if (found != layer.end()) {
            at = found->second;
        } else {
            if (line.amount.units() == 0) continue;
            if (!other) {
                other = stack.layers.size();
                stack.layers.push_back({QStringLiteral("other"), std::vector<double>(stack.days.size(), 0.0)});
            }
            at = *other;
        }
        stack.layers[at].amounts[day->second] += line.amount.toDouble();
    }
    return stack;
}

CostModel::CostModel(QObject* parent)
    : RowModel<CostRow>(
          {
              {"label", "Group",
               [](const CostRow& r) {
                   auto c = textCell(r.label);
                   c.tooltip = qs(r.key);
                   return c;
               }},
              {"amount", "In the range",
               [](const CostRow& r) { return r.known ? numberCell(format::money(r.amount), r.amount.toDouble()) : unknownCell(r.note); },
               true},
              {"month", "Per month",
               [](const CostRow& r) { return r.known ? numberCell(format::money(r.month), r.month, Role::muted) : unknownCell(r.note); },
               true},
              {"share", "Share",
               [](const CostRow& r) { return r.known ? numberCell(format::percent(r.share), r.share, Role::muted) : unknownCell(r.note); },
               true},
              {"note", "Prices", [](const CostRow& r) { return textCell(r.note, Role::faint); }},
          },
          [](const CostRow& r) { return qs(r.key); }, parent) {}

}  // namespace pilotlight::console
