// The bill beside what was computed.
#pragma once

#include "app/console/fleet.h"
#include "app/console/models/row_model.h"

namespace pilotlight::console {

enum class BillGroup { meter, function, profile };
struct BillRow {
    QString label, connection;
    BilledAndComputed sums;
};
// Rows of a check summed by group; what the bill attributes to no function is a row of its own, last of its connection.
[[nodiscard]] std::vector<BillRow> billRows(const BillCheck& check, BillGroup group, const Fleet& fleet);
// "prod: 12 whole days"
[[nodiscard]] QString billedDaysText(const BillCheck& check);

class BillModel : public RowModel<BillRow> {
public:
    explicit BillModel(QObject* parent = nullptr);
};

}  // namespace pilotlight::console
