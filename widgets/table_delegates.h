// Cells of tables: numbers right-aligned, chips, coloured savings, sparklines; and a table set up as ui.md wants it.
#pragma once

#include <QStyledItemDelegate>
#include <QTableView>
#include <QVector>

#include "widgets/theme.h"

namespace pilotlight::widgets {

// Extra roles a model may answer. Text comes from Qt::DisplayRole, alignment from Qt::TextAlignmentRole.
enum ItemRole : int {
    InkRole = Qt::UserRole + 64,  // int(Role); default text
    WeightRole,                   // int font weight; default 400
    SecondaryRole,                // QString in muted ink after the text
    ChipRole,                     // bool: draw the text as a chip
    DotRole,                      // int(Role): a dot before the text
    SparklineRole,                // QVector<float>; NaN = gap
    SortRole,                     // what to sort by; never the text
    MonoRole,                     // bool: monospace
};

// Draws every cell by the roles above, with a rule under each row and the focus ring on the current row.
class CellDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

// A table of whole rows: no grid but rules, no vertical header, rows of 28 px, sorting, Ctrl+C copies the selected rows as TSV.
class Table : public QTableView {
    Q_OBJECT
public:
    explicit Table(QWidget* parent = nullptr);
    void setModel(QAbstractItemModel* model) override;
    void setCompact(bool compact);
    // Height of header and rows, for tables that show all rows and do not scroll.
    void fitHeight(int max_rows = 0);
    // RFC 4180 with header, of all rows in view order. Display texts.
    [[nodiscard]] QString toCsv() const;

signals:
    void rowActivated(const QModelIndex& index);  // Enter or double-click

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    [[nodiscard]] QString text(bool selected_only, QChar separator) const;
};

// Line through values in `rect`, gaps as gaps; nothing where fewer than two are finite.
void paintSparkline(QPainter& painter, const QRectF& rect, const QVector<float>& values, const QColor& ink);
// One CSV field, quoted where needed.
[[nodiscard]] QString csvField(const QString& text);

}  // namespace pilotlight::widgets
