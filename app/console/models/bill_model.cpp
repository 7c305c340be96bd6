#include "app/console/models/bill_model.h"

#include <cmath>

#include "app/console/models/words.h"
#include "widgets/format.h"

namespace pilotlight::console {

namespace format = widgets::format;
using widgets::Role;

namespace {

constexpr double kRounding = 1e-6;    // of the bill: each of its lines is rounded
constexpr double kNoticeable = 0.05;  // a difference of more than 5 % of the bill asks for an explanation

Cell amountCell(const std::optional<Money>& amount, const QString& why) {
    return amount ? numberCell(format::money(*amount), amount->toDouble()) : unknownCell(why);
}

QString usageText(const BillRow& row) {
    QStringList parts;
    for (const auto& each : row.sums.usage_types) parts << qs(each);
    return parts.join(QStringLiteral(", "));
}

}  // namespace

std::vector<BillRow> billRows(const BillCheck& check, BillGroup group, const Fleet& fleet) {
    std::vector<BillRow> rows;
    for (auto& sums : grouped(check.rows, group == BillGroup::function, group == BillGroup::meter)) {
        BillRow row;
        row.connection = qs(sums.profile);
        if (group == BillGroup::meter) row.label = meterLabel(sums.meter);
        if (group == BillGroup::profile) row.label = row.connection;
        if (group == BillGroup::function) {
            const auto* function = fleet.function(sums.function_id);
            row.label = function              ? qs(function->function.name)
                        : sums.function_id.empty() ? QStringLiteral("of no one function")
                                                   : qs(sums.function_id);
        }
        row.sums = std::move(sums);
        rows.push_back(std::move(row));
    }
    std::stable_sort(rows.begin(), rows.end(), [&](const BillRow& a, const BillRow& b) {
        if (a.connection != b.connection) return a.connection < b.connection;
        return group == BillGroup::function && a.sums.function_id.empty() < b.sums.function_id.empty();
    });
    return rows;
}

QString billedDaysText(const BillCheck& check) {
    QStringList parts;
    for (const auto& [profile, days] : check.days)
        parts << QStringLiteral("%1: %2 whole %3").arg(qs(profile), format::integer(static_cast<double>(days.size())), days.size() == 1 ? QStringLiteral("day") : QStringLiteral("days"));
    return parts.join(QStringLiteral(", "));
}

BillModel::BillModel(QObject* parent)
    : RowModel<BillRow>(
          {
              {"label", "Group", [](const BillRow& r) { return textCell(r.label); }},
              {"connection", "Connection", [](const BillRow& r) { return textCell(r.connection, Role::muted); }},
              {"billed", "Billed", [](const BillRow& r) { return amountCell(r.sums.billed, QStringLiteral("The bill has no line that names it")); }, true},
              {"computed", "Computed",
               [](const BillRow& r) {
                   return amountCell(r.sums.computed, r.sums.function_id.empty() && r.sums.meter.empty()
                                                          ? QStringLiteral("Computed costs belong to functions")
                                                          : QStringLiteral("Usage or price of it is unknown"));
               },
               true},
              {"difference", "Difference",
               [](const BillRow& r) {
                   if (!r.sums.billed || !r.sums.computed) return unknownCell(QStringLiteral("One of the two is unknown"));
                   const double billed = r.sums.billed->toDouble();
                   double difference = (*r.sums.billed - *r.sums.computed).toDouble();
                   if (std::abs(difference) < kRounding * std::abs(billed)) difference = 0;
                   const bool much = std::abs(difference) > kNoticeable * std::abs(billed) + 0.01;
                   return numberCell(format::moneySigned(difference), difference, much ? Role::warm : Role::muted);
               },
               true},
              {"usage", "The bill's words",
               [](const BillRow& r) {
                   auto cell = textCell(usageText(r), Role::faint);
                   cell.tooltip = cell.text;
                   return cell;
               }},
          },
          [](const BillRow& r) { return qs(r.sums.profile + "\n" + r.sums.function_id + "\n" + r.sums.meter); }, parent) {}

}  // namespace pilotlight::console
