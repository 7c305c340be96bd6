// A chart's legend as a table: at cursor (or last), min, max, mean, p95, sum over what is visible.
// Click isolates a series, Ctrl-click adds or removes one, a second click shows all again.
#pragma once

#include <QWidget>
#include <vector>

#include "widgets/charts/time_chart.h"

namespace pilotlight::widgets {

class LegendTable : public QWidget {
    Q_OBJECT
public:
    enum class Column { value, min, max, mean, p95, sum };
    // `value` = at the cursor, else the last. Give the chart its group before.
    explicit LegendTable(TimeChart* chart, std::vector<Column> columns = {Column::value, Column::mean, Column::p95},
                         QWidget* parent = nullptr);
    // A row that is no series of the chart (share, cost): fixed texts, one a column.
    struct ExtraRow {
        QColor ink;
        QString name;
        QStringList cells;
    };
    void setExtraRows(std::vector<ExtraRow> rows);
    // Texts as shown, for tests and copying: row, then name and cells.
    [[nodiscard]] std::vector<QStringList> texts() const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    struct Row {
        int series = -1;
        QColor ink;
        QString name;
        QStringList cells;
        bool dimmed = false, dashed = false;
    };
    void rebuild();
    void updateValues();
    [[nodiscard]] int rowAt(const QPoint& at) const;
    TimeChart* chart_;
    std::vector<Column> columns_;
    std::vector<Row> rows_;
    std::vector<ExtraRow> extra_;
    std::vector<double> widths_;
    int hovered_ = -1;
};

}  // namespace pilotlight::widgets
