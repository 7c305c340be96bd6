// Stacked synchronised plots over one x axis and one crosshair.
#pragma once

#include "app/console/models/function_metrics.h"
#include "app/console/pages/function_page.h"
#include "widgets/charts/legend_table.h"

namespace pilotlight::widgets {
class Card;
class ChartGroup;
class HeatMapChart;
class TimeChart;
}  // namespace pilotlight::widgets

namespace pilotlight::console {

class MetricsTab : public FunctionTab {
    Q_OBJECT
public:
    explicit MetricsTab(Session& session);
    void setFunction(const FunctionRow& row) override;
    void setActive(bool active) override;
    [[nodiscard]] QString basis() const override;
    bool cancel() override;

private:
    struct Panel {
        widgets::Card* card = nullptr;
        widgets::TimeChart* chart = nullptr;
        widgets::LegendTable* legend = nullptr;
    };
    Panel addPanel(QLayout* column, const QString& title, int height, std::vector<widgets::LegendTable::Column> statistics,
                   widgets::TimeChart* chart = nullptr);
    void read();
    void show(const FunctionMetrics& metrics);
    void showCosts();
    Latest job_;
    std::optional<FunctionRow> row_;
    TimeRange shown_range_;
    bool active_ = false, stale_ = true;
    widgets::ChartGroup* group_;
    Panel invocations_, duration_, cold_, concurrency_, memory_, gpu_, cost_;
    widgets::HeatMapChart* heat_map_;
};

}  // namespace pilotlight::console
