#include "widgets/charts/pareto_chart.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>

#include "widgets/charts/plot_support.h"
#include "widgets/format.h"

namespace pilotlight::widgets {

namespace {

// One axis; logarithmic where the values span more than a decade, so that a dear front does not press the cheap settings into the edge.
struct Scale {
    double lo = 0, hi = 1;
    bool logarithmic = false;
    [[nodiscard]] double share(double value) const {
        if (!logarithmic) return (value - lo) / (hi - lo);
        return std::log(std::max(value, lo * 1e-6) / lo) / std::log(hi / lo);
    }
    [[nodiscard]] bool holds(double value) const { return value >= lo && value <= hi; }
    static Scale of(double lo, double hi, int most) {
        Scale scale;
        scale.logarithmic = lo > 0 && hi / lo > 12;
        if (scale.logarithmic) {
            const double pad = std::pow(hi / lo, 0.05);
            scale.lo = lo / pad;
            scale.hi = hi * pad;
            return scale;
        }
        const double pad = std::max((hi - lo) * 0.06, std::abs(hi) * 0.02 + 1e-9);
        const std::vector<double> ticks = niceTicks(std::max(0.0, lo - pad), hi + pad, most);
        const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : 2 * pad;
        scale.lo = std::max(0.0, std::floor((lo - pad) / step) * step);
        scale.hi = std::ceil((hi + pad) / step) * step;
        return scale;
    }
    [[nodiscard]] std::vector<double> ticks(int most) const {
        return logarithmic ? logTicks(lo, hi, most) : niceTicks(lo, hi, most + 1);
    }
};

}  // namespace

struct ParetoChart::Private {
    std::vector<Candidate> candidates;
    std::vector<int> front;  // by cost
    std::optional<QPointF> today, recommended, whatif;
    std::optional<double> slo;
    bool approximate = false, dragging = false, hovered = false;
    Scale x, y;
    QVector<QPointF> good, poor;  // pixels, one a grid cell of 2 px
    QPolygonF front_line;
    QRectF today_label, recommended_label;
    int hovered_candidate = -1;
};

ParetoChart::ParetoChart(QWidget* parent) : Chart(parent), d_(std::make_unique<Private>()) {
    setMargins({52, 8, 20, 24});
    setValueFormat([](double v) { return format::durationText(v); });
    new Hook(plot_, "main", true, [this](QCPPainter& painter) {
        const QRectF area = plotRect();
        painter.setPen(Qt::NoPen);
        QColor dot = colour(Role::faint);
        for (const auto& [points, opacity] : {std::pair(&d_->poor, 0.28F), std::pair(&d_->good, 0.6F)}) {
            dot.setAlphaF(opacity);
            painter.setBrush(dot);
            for (const QPointF& point : *points) painter.drawEllipse(point, 1.9, 1.9);
        }
        if (d_->slo) {
            const double y = std::round(toPixel(d_->x.lo, *d_->slo).y()) + 0.5;
            QPen pen(colour(Role::warm), 1, Qt::CustomDashLine);
            pen.setDashPattern({2, 3});
            painter.setAntialiasing(false);
            painter.setPen(pen);
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
            painter.setAntialiasing(true);
        }
        painter.setPen(QPen(colour(Role::accent), 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawPolyline(d_->front_line);
    });
    new Hook(plot_, "main", false, [this](QCPPainter& painter) {
        const QRectF area = plotRect();
        if (d_->slo) {
            const double y = toPixel(d_->x.lo, *d_->slo).y();
            if (area.top() <= y && y <= area.bottom()) {
                drawLabel(painter, QPointF(area.right(), y - 2), Qt::AlignRight | Qt::AlignBottom,
                          tr("SLO %1").arg(format::durationText(*d_->slo)), colour(Role::warm), area);
            }
        }
        if (d_->today) {
            const QPointF at = toPixel(d_->today->x(), d_->today->y());
            painter.setPen(QPen(colour(Role::surface), 1.5));
            painter.setBrush(colour(Role::muted));
            painter.drawEllipse(at, 5.5, 5.5);
            const bool left = at.x() > area.right() - 60;
            drawLabel(painter, at + QPointF(left ? -8 : 8, 0), (left ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter, tr("today"),
                      colour(Role::text), area);
        }
        if (d_->recommended) {
            const QPointF at = toPixel(d_->recommended->x(), d_->recommended->y());
            painter.setPen(QPen(colour(Role::surface), 1.5));
            painter.setBrush(colour(Role::good));
            painter.drawPolygon(QPolygonF({at + QPointF(0, -7), at + QPointF(7, 0), at + QPointF(0, 7), at + QPointF(-7, 0)}));
            // The front falls to the right: below and left of a point on it is free.
            drawLabel(painter, at + QPointF(-8, 8), Qt::AlignRight | Qt::AlignTop, tr("recommended"), colour(Role::good), area);
        }
    });
    new Hook(plot_, "live", false, [this](QCPPainter& painter) {
        if (!d_->whatif) return;
        const QPointF at = toPixel(d_->whatif->x(), d_->whatif->y());
        const QColor ink = d_->approximate ? mixed(colour(Role::surface), colour(Role::accent), 0.6) : colour(Role::accent);
        painter.setPen(QPen(ink, d_->hovered || d_->dragging ? 3.5 : 2.75));
        painter.setBrush(colour(Role::surface));
        painter.drawEllipse(at, 6.5, 6.5);
        const QRectF area = plotRect();
        const bool left = at.x() > area.right() - 90;
        drawLabel(painter, at + QPointF(left ? -10 : 10, -9), (left ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignBottom, tr("this what-if"),
                  colour(Role::text), area);
    });
    new Hook(plot_, "overlay", false, [this](QCPPainter& painter) {
        if (showsFocusRing()) {
            painter.setPen(QPen(colour(Role::accent), 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
        }
        if (d_->hovered_candidate < 0 || d_->dragging) return;
        const Candidate& candidate = d_->candidates[static_cast<std::size_t>(d_->hovered_candidate)];
        const QPointF at = toPixel(candidate.cost, candidate.p95_ms);
        painter.setPen(QPen(colour(Role::text), 1.25));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(at, 4.5, 4.5);
        const QString text = format::moneyWhole(candidate.cost) + QStringLiteral(", ") + format::durationText(candidate.p95_ms) +
                             (candidate.feasible ? QString() : tr(", misses the SLO"));
        drawLabel(painter, at + QPointF(0, 8), Qt::AlignHCenter | Qt::AlignTop, text, colour(Role::text), plotRect());
    });
}

ParetoChart::~ParetoChart() = default;

QPointF ParetoChart::toPixel(double cost, double p95_ms) const {
    const QRectF area = plotRect();
    return {area.left() + d_->x.share(cost) * area.width(), area.bottom() - d_->y.share(p95_ms) * area.height()};
}

bool ParetoChart::fits(const QPointF& p) const { return d_->x.holds(p.x()) && d_->y.holds(p.y()); }

void ParetoChart::setCandidates(std::vector<Candidate> candidates) {
    d_->candidates = std::move(candidates);
    d_->front.clear();
    for (std::size_t i = 0; i < d_->candidates.size(); ++i) {
        if (d_->candidates[i].on_front) d_->front.push_back(static_cast<int>(i));
    }
    std::sort(d_->front.begin(), d_->front.end(), [this](int a, int b) {
        return d_->candidates[static_cast<std::size_t>(a)].cost < d_->candidates[static_cast<std::size_t>(b)].cost;
    });
    d_->hovered_candidate = -1;
    refresh();
}

void ParetoChart::setToday(std::optional<QPointF> cost_p95) {
    d_->today = cost_p95;
    refresh();
}

void ParetoChart::setRecommended(std::optional<QPointF> cost_p95) {
    d_->recommended = cost_p95;
    refresh();
}

void ParetoChart::setWhatIf(std::optional<QPointF> cost_p95, bool approximate) {
    d_->whatif = cost_p95;
    d_->approximate = approximate;
    if (!cost_p95 || fits(*cost_p95))
        replotLayer(Layer::live);
    else
        refresh();
}

void ParetoChart::setSlo(std::optional<double> p95_ms) {
    d_->slo = p95_ms;
    refresh();
}

void ParetoChart::rebuild() {
    // The axes hold today, the recommendation, the what-if and the front in full; of the other candidates the cheaper and faster 90 %,
    // because a few absurd settings would squeeze everything else into a corner.
    std::vector<double> costs, times;
    for (const Candidate& candidate : d_->candidates) {
        costs.push_back(candidate.cost);
        times.push_back(candidate.p95_ms);
    }
    const auto quantile = [](std::vector<double>& values, double share) {
        const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
        std::nth_element(values.begin(), at, values.end());
        return *at;
    };
    double x_lo = INFINITY, x_hi = -INFINITY, y_lo = INFINITY, y_hi = -INFINITY;
    const auto include = [&](double x, double y) {
        x_lo = std::min(x_lo, x), x_hi = std::max(x_hi, x), y_lo = std::min(y_lo, y), y_hi = std::max(y_hi, y);
    };
    if (!costs.empty()) {
        include(*std::min_element(costs.begin(), costs.end()), *std::min_element(times.begin(), times.end()));
        include(quantile(costs, 0.9), quantile(times, 0.9));
    }
    for (const auto& point : {d_->today, d_->recommended, d_->whatif}) {
        if (point) include(point->x(), point->y());
    }
    if (!std::isfinite(x_lo)) include(0, 0), include(1, 1);
    if (d_->slo && *d_->slo < y_hi * 1.5) include(x_lo, *d_->slo);
    const QRectF area = plotRect();
    const int x_most = std::max(2, static_cast<int>(area.width() / 76)), y_most = std::max(2, static_cast<int>(area.height() / 46));
    d_->x = Scale::of(x_lo, x_hi, x_most);
    d_->y = Scale::of(y_lo, y_hi, y_most);
    for (const auto& [axis, scale] : {std::pair(plot_->xAxis, &d_->x), std::pair(plot_->yAxis, &d_->y)}) {
        axis->setScaleType(scale->logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
        axis->setRange(scale->lo, scale->hi);
    }
    setTicks(plot_->xAxis,
             labelled(d_->x.ticks(x_most), [](double v) { return v == 0 ? QStringLiteral("$0") : format::moneyWhole(v); }));
    setTicks(plot_->yAxis, labelled(d_->y.ticks(y_most), [this](double v) { return valueText(v); }));
    d_->good.clear();
    d_->poor.clear();
    // One dot a 2 px cell: thousands of candidates overlap, and overlapping dots cost time and say nothing.
    const int columns = static_cast<int>(area.width() / 2) + 2, rows = static_cast<int>(area.height() / 2) + 2;
    std::vector<char> taken(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows), 0);
    for (const Candidate& candidate : d_->candidates) {
        const QPointF at = toPixel(candidate.cost, candidate.p95_ms);
        if (!area.contains(at)) continue;
        auto& cell = taken[static_cast<std::size_t>((at.y() - area.top()) / 2) * static_cast<std::size_t>(columns) +
                           static_cast<std::size_t>((at.x() - area.left()) / 2)];
        if (cell) continue;
        cell = 1;
        (candidate.feasible ? d_->good : d_->poor).append(at);
    }
    d_->front_line.clear();
    for (const int i : d_->front)
        d_->front_line.append(
            toPixel(d_->candidates[static_cast<std::size_t>(i)].cost, d_->candidates[static_cast<std::size_t>(i)].p95_ms));
}

int ParetoChart::nearestCandidate(const QPointF& pixel) const {
    int best = -1;
    double distance = INFINITY;
    for (std::size_t i = 0; i < d_->candidates.size(); ++i) {
        const QPointF off = toPixel(d_->candidates[i].cost, d_->candidates[i].p95_ms) - pixel;
        const double here = QPointF::dotProduct(off, off);
        if (here < distance) {
            distance = here;
            best = static_cast<int>(i);
        }
    }
    return best;
}

void ParetoChart::drag(const QPointF& pixel) {
    const QRectF area = plotRect();
    const int index =
        nearestCandidate({std::clamp(pixel.x(), area.left(), area.right()), std::clamp(pixel.y(), area.top(), area.bottom())});
    if (index < 0 || index == d_->hovered_candidate) return;
    d_->hovered_candidate = index;
    const Candidate& candidate = d_->candidates[static_cast<std::size_t>(index)];
    d_->whatif = QPointF(candidate.cost, candidate.p95_ms);
    replotLayer(Layer::live);
    emit candidateDragged(index);
}

bool ParetoChart::mousePress(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || d_->candidates.empty()) return false;
    const QPointF at = event->position();
    const bool on_point = d_->whatif && QLineF(toPixel(d_->whatif->x(), d_->whatif->y()), at).length() <= 12;
    const bool on_candidate = d_->hovered_candidate >= 0;
    if (!on_point && !on_candidate) return false;
    d_->dragging = true;
    const int clicked = on_point ? -1 : d_->hovered_candidate;
    d_->hovered_candidate = -1;
    if (clicked >= 0) drag(at);
    setPlotCursor(Qt::ClosedHandCursor);
    replotLayer(Layer::overlay);
    return true;
}

bool ParetoChart::mouseMove(QMouseEvent* event) {
    const QPointF at = event->position();
    if (d_->dragging) {
        drag(at);
        return true;
    }
    const bool hovered = d_->whatif && QLineF(toPixel(d_->whatif->x(), d_->whatif->y()), at).length() <= 12;
    int near = -1;
    if (!hovered && plotRect().contains(at)) {
        near = nearestCandidate(at);
        if (near >= 0) {
            const Candidate& candidate = d_->candidates[static_cast<std::size_t>(near)];
            if (QLineF(toPixel(candidate.cost, candidate.p95_ms), at).length() > 8) near = -1;
        }
    }
    setPlotCursor(hovered ? Qt::OpenHandCursor : near >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    if (hovered != d_->hovered) {
        d_->hovered = hovered;
        replotLayer(Layer::live);
    }
    if (near != d_->hovered_candidate) {
        d_->hovered_candidate = near;
        replotLayer(Layer::overlay);
    }
    return false;
}

bool ParetoChart::mouseRelease(QMouseEvent*) {
    if (!d_->dragging) return false;
    d_->dragging = false;
    setPlotCursor(Qt::ArrowCursor);
    const int index = d_->hovered_candidate;
    d_->hovered_candidate = -1;
    replotLayer(Layer::live);
    if (index >= 0) emit candidateCommitted(index);
    return true;
}

void ParetoChart::mouseLeave() {
    if (d_->dragging) return;
    d_->hovered = false;
    d_->hovered_candidate = -1;
    replotLayer(Layer::overlay);
}

void ParetoChart::keyPressEvent(QKeyEvent* event) {
    const int by = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
    if (by == 0 || d_->front.empty()) {
        Chart::keyPressEvent(event);
        return;
    }
    // Along the front: the next dearer or cheaper setting from where the what-if stands.
    const double cost = d_->whatif ? d_->whatif->x() : 0;
    int found = -1;
    for (const int i : d_->front) {
        const double here = d_->candidates[static_cast<std::size_t>(i)].cost;
        if (by > 0 && here > cost * (1 + 1e-9)) {
            found = i;
            break;
        }
        if (by < 0 && here < cost * (1 - 1e-9)) found = i;
    }
    if (found < 0) return;
    const Candidate& candidate = d_->candidates[static_cast<std::size_t>(found)];
    setWhatIf(QPointF(candidate.cost, candidate.p95_ms), true);
    emit candidateDragged(found);
    emit candidateCommitted(found);
}

QString ParetoChart::toCsv() const {
    QString out = QStringLiteral("cost_usd_month,p95_ms,feasible,on_front\r\n");
    for (const Candidate& candidate : d_->candidates) {
        out += csvNumber(candidate.cost) + QLatin1Char(',') + csvNumber(candidate.p95_ms) + QLatin1Char(',') +
               QString::number(candidate.feasible) + QLatin1Char(',') + QString::number(candidate.on_front) + QLatin1String("\r\n");
    }
    return out;
}

}  // namespace pilotlight::widgets
