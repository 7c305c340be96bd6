// Cost against p95: every setting searched as a point, the front as a line, today, the recommendation, and this what-if to drag.
#pragma once

#include <optional>
#include <vector>

#include "widgets/charts/chart.h"

namespace pilotlight::widgets {

class ParetoChart : public Chart {
    Q_OBJECT
public:
    explicit ParetoChart(QWidget* parent = nullptr);
    ~ParetoChart() override;
    struct Candidate {
        double cost = 0, p95_ms = 0;  // USD a month, ms
        bool feasible = true, on_front = false;
    };
    void setCandidates(std::vector<Candidate> candidates);
    void setToday(std::optional<QPointF> cost_p95);
    void setRecommended(std::optional<QPointF> cost_p95);
    // Replots the live layer alone while the axes fit.
    void setWhatIf(std::optional<QPointF> cost_p95, bool approximate);
    void setSlo(std::optional<double> p95_ms);
    [[nodiscard]] QString toCsv() const override;
    // Index of the candidate nearest to a point in pixels; -1 where there is none.
    [[nodiscard]] int nearestCandidate(const QPointF& pixel) const;
    [[nodiscard]] QPointF toPixel(double cost, double p95_ms) const;

signals:
    // The point is dragged onto candidate `index`; committed at release or on a click.
    void candidateDragged(int index);
    void candidateCommitted(int index);

protected:
    void rebuild() override;
    bool mousePress(QMouseEvent* event) override;
    bool mouseMove(QMouseEvent* event) override;
    bool mouseRelease(QMouseEvent* event) override;
    void mouseLeave() override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Private;
    [[nodiscard]] bool fits(const QPointF& cost_p95) const;
    void drag(const QPointF& pixel);
    std::unique_ptr<Private> d_;
};

}  // namespace pilotlight::widgets
