// Areas in proportion to amounts, squarified (Bruls, Huizing, van Wijk 2000). Click opens an item.
#pragma once

#include <QRectF>
#include <QWidget>
#include <vector>

#include "widgets/charts/chart.h"
#include "widgets/theme.h"

namespace pilotlight::widgets {

// Rectangles for `values` (> 0, descending) that fill `area` without overlap, in the order given.
[[nodiscard]] std::vector<QRectF> squarified(const std::vector<double>& values, const QRectF& area);

class TreeMap : public QWidget {
    Q_OBJECT
public:
    struct Item {
        QString id, name;
        double value = 0;  // <= 0 is left out
        int colour = 0;
    };
    explicit TreeMap(QWidget* parent = nullptr);
    void setItems(std::vector<Item> items);
    void setValueFormat(ValueText text);
    void setOpens(bool opens);  // whether items lead anywhere; those without an id never do
    [[nodiscard]] QSize sizeHint() const override { return {320, 200}; }

signals:
    void activated(const QString& id);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    bool event(QEvent* event) override;

private:
    void arrange();
    [[nodiscard]] int itemAt(const QPointF& at) const;
    std::vector<Item> items_;  // descending
    std::vector<QRectF> boxes_;
    ValueText text_;
    int hovered_ = -1;
    bool opens_ = true;
};

}  // namespace pilotlight::widgets
