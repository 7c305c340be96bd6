// The Functions table: one row a function, as `functions --json` has it, with what is recommended.
#pragma once

#include <QSortFilterProxyModel>

#include "app/console/fleet.h"
#include "app/console/models/filter.h"
#include "app/console/models/row_model.h"

namespace pilotlight::console {

struct FunctionItem {
    FunctionRow row;
    std::optional<Recommendation> recommendation;
    std::optional<Change> last_change;
};

[[nodiscard]] std::vector<FunctionItem> functionItems(const Fleet& fleet);
// All columns in their usual order; `keys` picks and orders some (empty = all).
[[nodiscard]] std::vector<Column<FunctionItem>> functionColumns(const QStringList& keys = {});

class FunctionModel : public RowModel<FunctionItem> {
public:
    explicit FunctionModel(const QStringList& keys = {}, QObject* parent = nullptr);
};

[[nodiscard]] const QStringList& functionTextFields();
[[nodiscard]] const QStringList& functionNumberFields();
[[nodiscard]] FilterFields functionFields(const FunctionItem& item);
[[nodiscard]] QString functionWords(const FunctionItem& item);

// Sorts by value, unknown last in either direction; filters by the filter bar's language (FunctionModel sources only).
class FunctionProxy : public QSortFilterProxyModel {
public:
    explicit FunctionProxy(QObject* parent = nullptr);
    void setFilter(Filter filter);

protected:
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    [[nodiscard]] bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    Filter filter_;
};

// Sorting by Cell::sort with unknown last, for the other tables.
class SortProxy : public QSortFilterProxyModel {
public:
    explicit SortProxy(QObject* parent = nullptr);

protected:
    [[nodiscard]] bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;
};

}  // namespace pilotlight::console
