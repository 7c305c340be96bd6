// Horizontal stacked bars: where the money goes, a cold start by stage. Hover names a part.
#pragma once

#include <QWidget>
#include <vector>

#include "widgets/charts/chart.h"
#include "widgets/theme.h"

namespace pilotlight::widgets {

class StackBar : public QWidget {
    Q_OBJECT
public:
    struct Part {
        QString name;
        int colour = 0;            // series colour
        std::optional<Role> role;  // instead
        double opacity = 1;        // 0.6 for the lighter of two related parts
    };
    struct Row {
        QString label;               // "512"; empty = no label column for any row
        std::vector<double> values;  // one a part; NaN and negative count as 0
        QString total;               // text after the bar: "1,172 ms"
    };
    explicit StackBar(QWidget* parent = nullptr);
    void setParts(std::vector<Part> parts);
    void setRows(std::vector<Row> rows);
    void setValueFormat(ValueText text);
    void setBarHeight(int pixels);  // default 14
    void setLegend(bool on);        // names of the parts below
    // All rows to the scale of the longest (default), or each to the full width.
    void setCommonScale(bool on);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] QString toCsv() const;

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct Box {
        QRectF rect;
        QColor ink;
        QString tip;
    };
    void arrange();
    [[nodiscard]] int legendLines(double width) const;
    std::vector<Part> parts_;
    std::vector<Row> rows_;
    std::vector<Box> boxes_;
    std::vector<std::pair<QRectF, std::size_t>> legend_boxes_;
    ValueText text_;
    int bar_height_ = 14;
    bool legend_ = false, common_scale_ = true;
};

}  // namespace pilotlight::widgets
