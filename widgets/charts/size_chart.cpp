#include "widgets/charts/size_chart.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>

#include "widgets/charts/plot_support.h"
#include "widgets/format.h"
#include "widgets/table_delegates.h"

namespace pilotlight::widgets {

struct SizeChart::Private {
    struct Drawn {
        QColor ink;
        QPolygonF line, band;
        std::vector<QPointF> measured, predicted;
    };
    QStringList labels;
    std::vector<Series> series;
    std::vector<Drawn> drawn;
    double lo = 1, hi = 10;
    bool logarithmic = true;
    int hovered = -1;  // a size
};

SizeChart::SizeChart(QWidget* parent) : Chart(parent), d_(std::make_unique<Private>()) {
    setMargins({56, 12, 24, 24});
    setValueFormat([](double v) { return format::durationText(v); });
    setFocusPolicy(Qt::StrongFocus);
    new Hook(plot_, "main", true, [this](QCPPainter& painter) {
        for (const auto& drawn : d_->drawn) {
            QColor fill = drawn.ink;
            fill.setAlphaF(0.15F);
            painter.setPen(Qt::NoPen);
            painter.setBrush(fill);
            painter.drawPolygon(drawn.band);
            painter.setPen(QPen(drawn.ink, 1.5));
            painter.setBrush(Qt::NoBrush);
            painter.drawPolyline(drawn.line);
        }
    });
    new Hook(plot_, "main", false, [this](QCPPainter& painter) {
        for (std::size_t s = 0; s < d_->drawn.size(); ++s) {
            const auto& drawn = d_->drawn[s];
            painter.setPen(QPen(drawn.ink, 1.5));
            painter.setBrush(drawn.ink);
            for (const QPointF& at : drawn.measured) painter.drawEllipse(at, 4, 4);
            painter.setBrush(colour(Role::surface));
            for (const QPointF& at : drawn.predicted) painter.drawEllipse(at, 4, 4);
            if (drawn.line.isEmpty() || d_->drawn.size() == 1) continue;
            // Beside the first point, the last series' above its line, the others' below theirs; one series needs no name.
            const bool above = s + 1 == d_->drawn.size();
            drawLabel(painter, drawn.line.front() + QPointF(8, above ? -6 : 6), Qt::AlignLeft | (above ? Qt::AlignBottom : Qt::AlignTop),
                      d_->series[s].name, drawn.ink, plotRect());
        }
    });
    new Hook(plot_, "overlay", false, [this](QCPPainter& painter) {
        if (showsFocusRing()) {
            painter.setPen(QPen(colour(Role::accent), 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
        }
        if (d_->hovered < 0) return;
        const QRectF area = plotRect();
        const double x = std::round(toPixel(d_->hovered, d_->lo).x()) + 0.5;
        painter.setAntialiasing(false);
        painter.setPen(QPen(colour(Role::faint), 1));
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
        painter.setAntialiasing(true);
        const bool left = x > area.center().x();
        double y = area.top() + 4;
        for (const auto& series : d_->series) {
            for (const Point& point : series.points) {
                if (point.size != d_->hovered) continue;
                QString text = series.name + QLatin1Char(' ') + valueText(point.value);
                if (point.lo && point.hi) text += QStringLiteral(" (%1–%2)").arg(valueText(*point.lo), valueText(*point.hi));
                if (point.predicted) text += tr(", predicted");
                if (!point.note.isEmpty()) text += QStringLiteral(", ") + point.note;
                drawLabel(painter, {x + (left ? -8 : 8), y}, (left ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignTop, text, colour(Role::text), area);
                y += 18;
            }
        }
    });
}

SizeChart::~SizeChart() = default;

QPointF SizeChart::toPixel(int size, double value) const {
    const QRectF area = plotRect();
    const auto count = std::max<double>(1, static_cast<double>(d_->labels.size()));
    const double share = d_->logarithmic ? std::log(std::max(value, d_->lo * 1e-3) / d_->lo) / std::log(d_->hi / d_->lo) : (value - d_->lo) / (d_->hi - d_->lo);
    return {area.left() + area.width() * (size + 0.5) / count, area.bottom() - area.height() * share};
}

void SizeChart::setData(QStringList labels, std::vector<Series> series) {
    d_->labels = std::move(labels);
    d_->series = std::move(series);
    if (d_->hovered >= d_->labels.size()) d_->hovered = -1;
    QStringList spoken;
    for (const auto& each : d_->series) {
        for (const Point& point : each.points) {
            if (point.size >= 0 && point.size < d_->labels.size()) spoken << each.name + QLatin1Char(' ') + d_->labels[point.size] + QStringLiteral(": ") + valueText(point.value);
        }
    }
    setAccessibleDescription(spoken.join(QStringLiteral("; ")));
    refresh();
}

void SizeChart::rebuild() {
    double lo = INFINITY, hi = 0;
    const auto include = [&](double value) {
        if (value > 0 && std::isfinite(value)) lo = std::min(lo, value), hi = std::max(hi, value);
    };
    for (const auto& series : d_->series) {
        for (const Point& point : series.points) {
            include(point.value);
            if (point.lo && point.hi) include(*point.lo), include(*point.hi);
        }
    }
    if (hi <= 0) lo = 1, hi = 10;
    const QRectF area = plotRect();
    const int most = std::max(2, static_cast<int>(area.height() / 40));
    d_->logarithmic = hi / lo > 4;
    std::vector<double> ticks;
    if (d_->logarithmic) {
        std::tie(d_->lo, d_->hi) = logBounds(lo * 0.95, hi * 1.05);
        ticks = logTicks(d_->lo, d_->hi, most);
    } else {
        d_->lo = 0;
        d_->hi = niceCeiling(hi * 1.02, most);
        ticks = niceTicks(0, d_->hi, most + 1);
    }
    plot_->yAxis->setScaleType(d_->logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    plot_->yAxis->setRange(d_->lo, d_->hi);
    setTicks(plot_->yAxis, labelled(ticks, [this](double v) { return valueText(v); }));
    const auto count = std::max(1, static_cast<int>(d_->labels.size()));
    plot_->xAxis->setScaleType(QCPAxis::stLinear);
    plot_->xAxis->setRange(-0.5, count - 0.5);
    plot_->xAxis->grid()->setVisible(false);
    std::vector<Tick> sizes;
    const int every = std::max(1, static_cast<int>(std::ceil(count * 48.0 / std::max(1.0, area.width()))));
    for (int i = 0; i < d_->labels.size(); i += every) sizes.push_back({static_cast<double>(i), d_->labels[i]});
    setTicks(plot_->xAxis, std::move(sizes));
    d_->drawn.clear();
    for (const auto& series : d_->series) {
        Private::Drawn drawn;
        drawn.ink = Theme::instance().series(series.colour);
        QPolygonF lower;
        for (const Point& point : series.points) {
            const QPointF at = toPixel(point.size, point.value);
            drawn.line << at;
            (point.predicted ? drawn.predicted : drawn.measured).push_back(at);
            if (!point.lo || !point.hi) continue;
            drawn.band << toPixel(point.size, *point.hi);
            lower << toPixel(point.size, *point.lo);
        }
        std::reverse(lower.begin(), lower.end());
        drawn.band += lower;
        d_->drawn.push_back(std::move(drawn));
    }
}

bool SizeChart::mouseMove(QMouseEvent* event) {
    const QRectF area = plotRect();
    int size = -1;
    if (area.contains(event->position()) && !d_->labels.isEmpty()) {
        size = std::clamp(static_cast<int>((event->position().x() - area.left()) / area.width() * static_cast<double>(d_->labels.size())), 0, static_cast<int>(d_->labels.size()) - 1);
    }
    if (size != d_->hovered) {
        d_->hovered = size;
        replotLayer(Layer::overlay);
    }
    return false;
}

void SizeChart::mouseLeave() {
    d_->hovered = -1;
    replotLayer(Layer::overlay);
}

void SizeChart::keyPressEvent(QKeyEvent* event) {
    const int by = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
    if (by == 0 || d_->labels.isEmpty()) {
        Chart::keyPressEvent(event);
        return;
    }
    d_->hovered = std::clamp(d_->hovered + by, 0, static_cast<int>(d_->labels.size()) - 1);
    replotLayer(Layer::overlay);
}

QString SizeChart::toCsv() const {
    QString out = QStringLiteral("series,size,value,lo,hi,predicted\r\n");
    for (const auto& series : d_->series) {
        for (const Point& point : series.points) {
            if (point.size < 0 || point.size >= d_->labels.size()) continue;
            out += csvField(series.name) + QLatin1Char(',') + csvField(d_->labels[point.size]) + QLatin1Char(',') + csvNumber(point.value) + QLatin1Char(',') +
                   (point.lo ? csvNumber(*point.lo) : QString()) + QLatin1Char(',') + (point.hi ? csvNumber(*point.hi) : QString()) + QLatin1Char(',') +
                   QString::number(point.predicted ? 1 : 0) + QStringLiteral("\r\n");
        }
    }
    return out;
}

}  // namespace pilotlight::widgets
