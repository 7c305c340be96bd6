// A week of needed concurrency against the warm pool, which can be painted with the mouse hour by hour; cold starts as ticks below.
#pragma once

#include <vector>

#include "widgets/charts/chart.h"

namespace pilotlight::widgets {

class WeekChart : public Chart {
    Q_OBJECT
public:
    static constexpr int kHours = 168;  // Monday first
    explicit WeekChart(QWidget* parent = nullptr);
    ~WeekChart() override;
    // Any number of equal bins over the week (2,016 of five minutes): what is needed, and how many started cold (may be empty).
    void setDemand(std::vector<float> concurrency, std::vector<float> cold);
    // Pool by hour, 168 values. Replots the live layer alone while the axis fits.
    void setPool(const std::vector<int>& by_hour);
    [[nodiscard]] const std::vector<int>& pool() const;
    void setMaximum(int most);  // painting stops there (the instance limit); <= 0 = none
    void setEditable(bool on);
    void setZoneName(const QString& zone);  // at the left end of the axis
    // Ticks of cold starts change with every what-if.
    void setCold(std::vector<float> cold);
    [[nodiscard]] QString toCsv() const override;

signals:
    void poolPainted(const std::vector<int>& by_hour);    // every step
    void poolCommitted(const std::vector<int>& by_hour);  // at release

protected:
    void rebuild() override;
    void restyle() override;
    bool mousePress(QMouseEvent* event) override;
    bool mouseMove(QMouseEvent* event) override;
    bool mouseRelease(QMouseEvent* event) override;
    void mouseLeave() override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Private;
    void paintTo(const QPointF& pixel);
    void layoutPool();
    void layoutCold();
    [[nodiscard]] int hourAt(double x) const;
    [[nodiscard]] int levelAt(double y) const;
    std::unique_ptr<Private> d_;
};

}  // namespace pilotlight::widgets
