// Table models that change row by row: selection, scroll and sorting of the views on them survive every refresh.
#pragma once

#include <QAbstractTableModel>
#include <QHash>
#include <QSet>
#include <functional>
#include <utility>
#include <vector>

#include "app/console/models/cell.h"

namespace pilotlight::console {

// One column: heading and what it shows of a row.
template <typename Row>
struct Column {
    QString key;  // stable, for saved layouts and CSV
    QString title;
    std::function<Cell(const Row&)> cell;
    bool numeric = false;  // right-aligned
    QString tooltip;       // of the heading: source, statistic, unit
};

template <typename Row>
class RowModel : public QAbstractTableModel {
public:
    using Key = std::function<QString(const Row&)>;
    RowModel(std::vector<Column<Row>> columns, Key key, QObject* parent = nullptr)
        : QAbstractTableModel(parent), columns_(std::move(columns)), key_(std::move(key)) {}

    // Rows with a known key are updated where a cell differs, others are taken out or added at the end. Keys must be unique.
    void setRows(std::vector<Row> rows) {
        QHash<QString, std::size_t> wanted;
        for (std::size_t i = 0; i < rows.size(); ++i) wanted.insert(key_(rows[i]), i);
        for (int row = static_cast<int>(rows_.size()) - 1; row >= 0; --row) {
            if (wanted.contains(key_(rows_[static_cast<std::size_t>(row)]))) continue;
            beginRemoveRows({}, row, row);
            rows_.erase(rows_.begin() + row);
            cells_.erase(cells_.begin() + row);
            endRemoveRows();
        }
        QSet<QString> known;
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            const QString key = key_(rows_[row]);
            known.insert(key);
            rows_[row] = rows[wanted.value(key)];
            auto fresh = cellsOf(rows_[row]);
            int first = -1, last = -1;
            for (int c = 0; c < static_cast<int>(fresh.size()); ++c) {
                if (fresh[static_cast<std::size_t>(c)] == cells_[row][static_cast<std::size_t>(c)]) continue;
                if (first < 0) first = c;
                last = c;
            }
            if (first < 0) continue;
            cells_[row] = std::move(fresh);
            emit dataChanged(index(static_cast<int>(row), first), index(static_cast<int>(row), last));
        }
        std::vector<Row> added;
        for (auto& row : rows) {
            const QString key = key_(row);
            if (known.contains(key)) continue;
            known.insert(key);
            added.push_back(std::move(row));
        }
        if (added.empty()) return;
        const int at = static_cast<int>(rows_.size());
        beginInsertRows({}, at, at + static_cast<int>(added.size()) - 1);
        for (auto& row : added) {
            cells_.push_back(cellsOf(row));
            rows_.push_back(std::move(row));
        }
        endInsertRows();
    }

    [[nodiscard]] const Row& row(int i) const { return rows_[static_cast<std::size_t>(i)]; }
    [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
    [[nodiscard]] const std::vector<Column<Row>>& columns() const { return columns_; }
    [[nodiscard]] int columnOf(const QString& key) const {
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            if (columns_[c].key == key) return static_cast<int>(c);
        }
        return -1;
    }
    [[nodiscard]] int rowOf(const QString& key) const {
        for (std::size_t r = 0; r < rows_.size(); ++r) {
            if (key_(rows_[r]) == key) return static_cast<int>(r);
        }
        return -1;
    }
    [[nodiscard]] QString keyOf(int row) const { return key_(rows_[static_cast<std::size_t>(row)]); }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : static_cast<int>(rows_.size());
    }
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : static_cast<int>(columns_.size());
    }
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override {
        if (!index.isValid()) return {};
        const auto& column = columns_[static_cast<std::size_t>(index.column())];
        if (role == KeyRole) return key_(rows_[static_cast<std::size_t>(index.row())]);
        return cellData(cells_[static_cast<std::size_t>(index.row())][static_cast<std::size_t>(index.column())], role, column.numeric);
    }
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
        if (orientation != Qt::Horizontal || section < 0 || section >= static_cast<int>(columns_.size())) return {};
        const auto& column = columns_[static_cast<std::size_t>(section)];
        if (role == Qt::DisplayRole) return column.title;
        if (role == Qt::ToolTipRole && !column.tooltip.isEmpty()) return column.tooltip;
        if (role == Qt::TextAlignmentRole) return int((column.numeric ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
        return {};
    }

private:
    [[nodiscard]] std::vector<Cell> cellsOf(const Row& row) const {
        std::vector<Cell> cells;
        cells.reserve(columns_.size());
        for (const auto& column : columns_) cells.push_back(column.cell(row));
        return cells;
    }

    std::vector<Column<Row>> columns_;
    Key key_;
    std::vector<Row> rows_;
    std::vector<std::vector<Cell>> cells_;  // what the views have been told
};

}  // namespace pilotlight::console
