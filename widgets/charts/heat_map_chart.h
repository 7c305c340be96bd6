// Counts by time and bucket (cold starts by INIT duration): one cell a time bin and bucket, darker = fewer, empty = none.
// Shares axis, crosshair, zoom and annotations with TimeChart. Cells narrower than 3 px are merged (their sum).
#pragma once

#include "widgets/charts/time_chart.h"

namespace pilotlight::widgets {

class HeatMapChart : public TimeChart {
    Q_OBJECT
public:
    explicit HeatMapChart(QWidget* parent = nullptr);
    ~HeatMapChart() override;
    // Buckets bottom to top: "<0.5 s", "0.5–1", ... counts[bucket][bin]; a bin is [x[i], x[i] + period). NaN = not measured.
    void setCells(QStringList buckets, Values x, double period_s, std::vector<std::vector<float>> counts);
    [[nodiscard]] QString toCsv() const override;
    [[nodiscard]] int drawnCells() const;
    // Opacity 0.15..1 of a count against the greatest: square root, so that single cold starts stay visible.
    [[nodiscard]] static double opacity(double count, double greatest);

protected:
    void rebuildValues() override;
    std::vector<std::pair<QColor, QString>> readoutAt(double time) const override;

private:
    struct Cells;
    std::unique_ptr<Cells> cells_;
};

}  // namespace pilotlight::widgets
