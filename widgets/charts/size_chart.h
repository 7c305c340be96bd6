// A quantity against the sizes it was measured at: one line a series with a marker a size, hollow where the value is predicted, and
// a band where an interval is known. Sizes stand at equal distances; the value axis is logarithmic where values span more than a factor 4.
#pragma once

#include <QStringList>
#include <memory>
#include <optional>
#include <vector>

#include "widgets/charts/chart.h"

namespace pilotlight::widgets {

class SizeChart : public Chart {
    Q_OBJECT
public:
    struct Point {
        int size = 0;          // index into the sizes
        double value = 0;      // in the unit of the value format; > 0
        std::optional<double> lo, hi;
        bool predicted = false;
        QString note;          // after the value in the hover text: "1 thread, stable"
    };
    struct Series {
        QString name;          // beside its first point where there are several series
        int colour = 0;        // series colour
        std::vector<Point> points;  // by size
    };
    explicit SizeChart(QWidget* parent = nullptr);
    ~SizeChart() override;
    // `labels`: "512", one a size in ascending order.
    void setData(QStringList labels, std::vector<Series> series);
    [[nodiscard]] QString toCsv() const override;
    [[nodiscard]] QPointF toPixel(int size, double value) const;

protected:
    void rebuild() override;
    bool mouseMove(QMouseEvent* event) override;
    void mouseLeave() override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Private;
    std::unique_ptr<Private> d_;
};

}  // namespace pilotlight::widgets
