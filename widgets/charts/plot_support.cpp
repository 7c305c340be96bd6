#include "widgets/charts/plot_support.h"

#include <cmath>

#include "core/base/time.h"

namespace pilotlight::widgets {

void setTicks(QCPAxis* axis, std::vector<Tick> ticks) {
    auto ticker = qSharedPointerDynamicCast<FixedTicks>(axis->ticker());
    if (!ticker) {
        ticker = QSharedPointer<FixedTicks>::create();
        axis->setTicker(ticker);
    }
    if (axis->orientation() == Qt::Horizontal) {
        const auto* chart = qobject_cast<const Chart*>(axis->parentPlot()->parentWidget());
        if (chart && chart->plotRect().width() > 1) {
            const QRectF area = chart->plotRect();
            const QFontMetricsF metrics(textFont(Type::caption));
            const QCPRange range = axis->range();
            const bool log = axis->scaleType() == QCPAxis::stLogarithmic;
            double free_from = 0;
            for (Tick& tick : ticks) {
                const double share = log ? std::log(tick.at / range.lower) / std::log(range.upper / range.lower)
                                         : (tick.at - range.lower) / (range.upper - range.lower);
                const double x = area.left() + share * area.width(), half = metrics.horizontalAdvance(tick.label) / 2;
                if (x - half < free_from || x + half > chart->width())
                    tick.label.clear();
                else
                    free_from = x + half + 6;
            }
        }
    }
    ticker->ticks = std::move(ticks);
}

std::vector<Tick> labelled(const std::vector<double>& at, const ValueText& text) {
    std::vector<Tick> ticks;
    ticks.reserve(at.size());
    for (const double value : at) ticks.push_back({value, text(value)});
    tidyLabels(ticks);
    return ticks;
}

QPen linePen(const QColor& ink, double points_per_pixel, double width) {
    QPen pen(ink, points_per_pixel > 0.34 ? 1.0 : (width > 0 ? width : 1.5));
    pen.setCapStyle(Qt::FlatCap);
    pen.setJoinStyle(points_per_pixel > 0.34 ? Qt::BevelJoin : Qt::RoundJoin);
    return pen;
}

void drawLabel(QCPPainter& painter, QPointF anchor, Qt::Alignment alignment, const QString& text, const QColor& ink, const QRectF& bounds) {
    const QFont label_font = textFont(Type::caption);
    const QFontMetricsF metrics(label_font);
    QRectF box(0, 0, metrics.horizontalAdvance(text) + 8, metrics.height() + 2);
    box.moveLeft(alignment & Qt::AlignRight     ? anchor.x() - box.width()
                 : alignment & Qt::AlignHCenter ? anchor.x() - box.width() / 2
                                                : anchor.x());
    box.moveTop(alignment & Qt::AlignBottom    ? anchor.y() - box.height()
                : alignment & Qt::AlignVCenter ? anchor.y() - box.height() / 2
                                               : anchor.y());
    if (box.right() > bounds.right()) box.moveRight(bounds.right());
    if (box.left() < bounds.left()) box.moveLeft(bounds.left());
    if (box.top() < bounds.top()) box.moveTop(bounds.top());
    if (box.bottom() > bounds.bottom()) box.moveBottom(bounds.bottom());
    QColor patch = colour(Role::surface);
    patch.setAlphaF(0.85F);
    painter.setPen(Qt::NoPen);
    painter.setBrush(patch);
    painter.drawRoundedRect(box, 3, 3);
    painter.setFont(label_font);
    painter.setPen(ink);
    painter.drawText(box, Qt::AlignCenter, text);
}

QString csvTime(double seconds) {
    return QString::fromStdString(toIso8601(Timestamp(milliseconds(static_cast<std::int64_t>(std::llround(seconds * 1000))))));
}

QString csvNumber(double value) { return std::isfinite(value) ? QString::number(value, 'g', 15) : QString(); }

}  // namespace pilotlight::widgets
