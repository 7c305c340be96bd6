// For the charts' .cpp files only: pieces on top of QCustomPlot.
#pragma once

#include <qcustomplot.h>

#include <functional>
#include <vector>

#include "widgets/charts/chart.h"
#include "widgets/charts/ticks.h"
#include "widgets/theme.h"

namespace pilotlight::widgets {

// A painter callback on a QCustomPlot layer; it draws what rebuild() has prepared.
class Hook : public QCPLayerable {
public:
    using Draw = std::function<void(QCPPainter&)>;
    Hook(QCustomPlot* plot, const char* layer, bool clipped, Draw draw)
        : QCPLayerable(plot, QString::fromLatin1(layer)), clipped_(clipped), draw_(std::move(draw)) {}

protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override { painter->setAntialiasing(true); }
    void draw(QCPPainter* painter) override {
        if (draw_) draw_(*painter);
    }
    [[nodiscard]] QRect clipRect() const override { return clipped_ ? mParentPlot->axisRect()->rect() : mParentPlot->viewport(); }

private:
    bool clipped_;
    Draw draw_;
};

// Ticks that were worked out beforehand.
class FixedTicks : public QCPAxisTicker {
public:
    std::vector<Tick> ticks;
    void generate(const QCPRange&, const QLocale&, QChar, int, QVector<double>& at, QVector<double>* sub,
                  QVector<QString>* labels) override {
        at.clear();
        if (sub) sub->clear();
        if (labels) labels->clear();
        for (const Tick& tick : ticks) {
            at.append(tick.at);
            if (labels) labels->append(tick.label);
        }
    }
};

// Puts ticks on an axis; labels that would leave the widget are dropped, the grid line stays.
void setTicks(QCPAxis* axis, std::vector<Tick> ticks);
[[nodiscard]] std::vector<Tick> labelled(const std::vector<double>& at, const ValueText& text);

// A pen for a line with that many points a pixel: 1 px (fast path) where dense, 1.5 px where not.
[[nodiscard]] QPen linePen(const QColor& ink, double points_per_pixel, double width = 0);
// Text on a patch of surface, so that no line runs through it. `anchor` is the corner that `alignment` names.
void drawLabel(QCPPainter& painter, QPointF anchor, Qt::Alignment alignment, const QString& text, const QColor& ink, const QRectF& bounds);
[[nodiscard]] QString csvTime(double seconds);
[[nodiscard]] QString csvNumber(double value);

}  // namespace pilotlight::widgets
