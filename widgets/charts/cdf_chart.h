// Latency as "share of requests faster than": this what-if with its band, today dashed, and the SLO as a line to drag.
#pragma once

#include <optional>
#include <vector>

#include "widgets/charts/chart.h"

namespace pilotlight::widgets {

class CdfChart : public Chart {
    Q_OBJECT
public:
    explicit CdfChart(QWidget* parent = nullptr);
    ~CdfChart() override;
    using Curve = std::vector<std::pair<double, double>>;  // (ms > 0, share 0..1), ascending
    void setToday(const Curve& curve);
    // Replots the live layer alone while the axis fits. `spread` = relative half-width of the band (0.1 = +-10 % in ms); 0 = none.
    // Approximate curves are drawn lighter.
    void setWhatIf(const Curve& curve, double spread, bool approximate);
    // At `share` of requests (0.95), at most `ms`. Unset = no line.
    void setSlo(std::optional<double> ms, double share = 0.95);
    [[nodiscard]] std::optional<double> slo() const;
    [[nodiscard]] QString toCsv() const override;

signals:
    void sloDragged(double ms);
    void sloCommitted(double ms);

protected:
    void rebuild() override;
    bool mousePress(QMouseEvent* event) override;
    bool mouseMove(QMouseEvent* event) override;
    bool mouseRelease(QMouseEvent* event) override;
    void mouseLeave() override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Private;
    [[nodiscard]] double xOf(double ms) const;
    [[nodiscard]] double msAt(double x) const;
    [[nodiscard]] double yOf(double share) const;
    [[nodiscard]] bool fits(const Curve& curve) const;
    void layoutLive();
    std::unique_ptr<Private> d_;
};

}  // namespace pilotlight::widgets
