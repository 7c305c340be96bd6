// Series over time: lines, areas, stacks, steps, bars; gaps as gaps; limits, bands, annotations, an incomplete end.
//
// Mouse: move = crosshair of the group; drag = zoom to the span; Shift-drag or middle button = pan; double-click = back to the whole range;
// wheel zooms where the chart has the focus or Ctrl is held, else the page scrolls. Keys: W/S zoom, A/D pan, left/right move the
// crosshair by a sample, Esc or Home = whole range. A draggable limit is dragged by its line.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "widgets/charts/chart.h"
#include "widgets/charts/chart_group.h"
#include "widgets/theme.h"

namespace pilotlight::widgets {

using Values = std::shared_ptr<const std::vector<double>>;
[[nodiscard]] inline Values makeValues(std::vector<double> values) {
    return std::make_shared<const std::vector<double>>(std::move(values));
}

struct TimeSeries {
    enum class Style { line, area, stacked, step, step_area, bars };
    QString name;
    Style style = Style::line;
    int colour = 0;            // index of the theme's series colours
    std::optional<Role> role;  // instead of `colour`
    bool dashed = false;
    Values x, y;          // x: seconds since the epoch, ascending, start of the period; y: NaN = gap
    // > 0: a successor further than 1.5 periods away makes a gap; the width of bars; a stack is drawn in steps of it.
    double period_s = 0;
    ValueText text;       // default: the chart's
    bool in_legend = true;
    [[nodiscard]] QColor ink() const;
};
// Interval around a series, at 15 %.
struct TimeBand {
    Values x, lo, hi;
    int colour = 0;
};
struct LimitLine {
    double value = 0;
    QString label;  // "SLO p95 800 ms"
    Role role = Role::warm;
    bool draggable = false;
};
struct Annotation {
    double time = 0;
    QString text;  // "1,024 → 2,048 MB applied"
    Role role = Role::good;
    QString id;
};

class TimeChart : public Chart {
    Q_OBJECT
public:
    explicit TimeChart(QWidget* parent = nullptr);
    ~TimeChart() override;

    void setSeries(std::vector<TimeSeries> series);
    [[nodiscard]] const std::vector<TimeSeries>& series() const;
    void setBands(std::vector<TimeBand> bands);
    void setLimits(std::vector<LimitLine> limits);
    void setAnnotations(std::vector<Annotation> annotations);
    void setIncomplete(std::vector<std::pair<double, double>> spans);  // seconds, from and to; hatched
    void setLogarithmic(bool on);
    void setFixedTop(std::optional<double> value);  // upper end of a linear axis; unset = by the data
    void setZone(const QTimeZone& zone);
    // Before the first range a chart has a group of its own.
    void setGroup(ChartGroup* group);
    [[nodiscard]] ChartGroup* group() const;
    void setTimeRange(double from, double to);  // of its group
    // Readout in a box at the crosshair; off where a LegendTable stands beside.
    void setReadout(bool on);
    // Shows only these series (empty = all); for the legend's clicks.
    void setIsolated(std::vector<int> indices);
    [[nodiscard]] bool isShown(int index) const;
    // Points handed to the plot for a series at the last rebuild, for tests of the drawing budget.
    [[nodiscard]] int drawnPoints(int index) const;
    [[nodiscard]] QString toCsv() const override;

signals:
    void limitDragged(int index, double value);
    void limitCommitted(int index, double value);
    void annotationClicked(const QString& id);
    void seriesChanged();

protected:
    void rebuild() override;
    void restyle() override;
    bool mousePress(QMouseEvent* event) override;
    bool mouseMove(QMouseEvent* event) override;
    bool mouseRelease(QMouseEvent* event) override;
    bool mouseDoubleClick(QMouseEvent* event) override;
    bool wheel(QWheelEvent* event) override;
    void mouseLeave() override;
    void addMenuActions(QMenu& menu) override;
    void keyPressEvent(QKeyEvent* event) override;
    // For charts whose y axis is of another kind (heat map): called by rebuild() after the x axis is set.
    virtual void rebuildValues();
    // Lines of the readout at a time, top to bottom.
    virtual std::vector<std::pair<QColor, QString>> readoutAt(double time) const;
    [[nodiscard]] double xToPixel(double x) const;
    [[nodiscard]] double pixelToX(double pixel) const;
    [[nodiscard]] double yToPixel(double y) const;
    [[nodiscard]] double pixelToY(double pixel) const;

    struct Private;

private:
    friend class HeatMapChart;
    void joinGroup();
    void makeGraphs();
    void rebuildMarks();
    void layoutCursor();
    [[nodiscard]] int limitAt(const QPointF& point) const;
    std::unique_ptr<Private> d_;
};

}  // namespace pilotlight::widgets
