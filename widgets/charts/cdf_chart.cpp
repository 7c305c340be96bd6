#include "widgets/charts/cdf_chart.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>

#include "widgets/charts/plot_support.h"
#include "widgets/format.h"

namespace pilotlight::widgets {

struct CdfChart::Private {
    Curve today, whatif;
    double spread = 0;
    bool approximate = false;
    std::optional<double> slo;
    double slo_share = 0.95;
    double lo = 10, hi = 10000;
    QPolygonF today_line, whatif_line, band;
    bool dragging = false, hovered = false;
    double cursor = -1;  // pixel
    QString cursor_text;
    std::vector<std::pair<QPointF, QColor>> dots;
};

namespace {

// At most two points a pixel; consecutive points in one column are dropped.
template <typename X, typename Y>
QPolygonF toPixels(const CdfChart::Curve& curve, double factor, X x_of, Y y_of) {
    QPolygonF line;
    line.reserve(static_cast<int>(curve.size()));
    for (const auto& [ms, share] : curve) {
        if (!(ms > 0)) continue;
        const QPointF point(x_of(ms * factor), y_of(share));
        if (!line.isEmpty() && std::abs(point.x() - line.last().x()) < 0.5 && std::abs(point.y() - line.last().y()) < 0.5) continue;
        line.append(point);
    }
    return line;
}

// From where a line leaves the floor to where it reaches the ceiling: tails that nobody sees must not stretch the axis.
std::pair<double, double> seenSpan(const CdfChart::Curve& curve) {
    double low = std::max(curve.front().first, 1e-3), high = curve.back().first;
    for (const auto& [ms, share] : curve) {
        if (share > 0.002) break;
        low = std::max(ms, 1e-3);
    }
    for (auto point = curve.rbegin(); point != curve.rend() && point->second >= 0.9999; ++point) high = point->first;
    return {low, std::max(high, low * 2)};
}

double shareAt(const CdfChart::Curve& curve, double ms) {
    if (curve.empty()) return NAN;
    const auto above = std::upper_bound(curve.begin(), curve.end(), ms, [](double v, const auto& point) { return v < point.first; });
    if (above == curve.begin()) return 0;
    if (above == curve.end()) return curve.back().second;
    const auto& a = *(above - 1);
    const auto& b = *above;
    return b.first > a.first ? a.second + (b.second - a.second) * (std::log(ms / a.first) / std::log(b.first / a.first)) : b.second;
}

}  // namespace

CdfChart::CdfChart(QWidget* parent) : Chart(parent), d_(std::make_unique<Private>()) {
    setMargins({44, 8, 16, 24});
    setValueFormat([](double v) { return format::percent(v, 0); });
    plot_->xAxis->setScaleType(QCPAxis::stLogarithmic);
    new Hook(plot_, "main", true, [this](QCPPainter& painter) {
        QPen pen(colour(Role::muted), 1.25, Qt::CustomDashLine);
        pen.setDashPattern({3.5, 3});
        painter.setPen(pen);
        painter.setBrush(Qt::NoBrush);
        painter.drawPolyline(d_->today_line);
    });
    new Hook(plot_, "live", true, [this](QCPPainter& painter) {
        const double strength = d_->approximate ? 0.6 : 1;
        QColor ink = mixed(colour(Role::surface), colour(Role::accent), strength);
        if (!d_->band.isEmpty()) {
            QColor fill = colour(Role::accent);
            fill.setAlphaF(static_cast<float>(0.2 * strength));
            painter.setPen(Qt::NoPen);
            painter.setBrush(fill);
            painter.drawPolygon(d_->band);
        }
        painter.setPen(QPen(ink, 1.75));
        painter.setBrush(Qt::NoBrush);
        painter.drawPolyline(d_->whatif_line);
    });
    new Hook(plot_, "overlay", false, [this](QCPPainter& painter) {
        const QRectF area = plotRect();
        if (d_->slo) {
            const double x = std::round(xOf(*d_->slo)), y = std::round(yOf(d_->slo_share));
            QPen pen(colour(Role::warm), d_->hovered || d_->dragging ? 2 : 1, Qt::CustomDashLine);
            pen.setDashPattern({2, 3});
            painter.setAntialiasing(false);
            painter.setPen(pen);
            if (x >= area.left() && x <= area.right()) painter.drawLine(QPointF(x, y), QPointF(x, area.bottom()));
            painter.drawLine(QPointF(area.left(), y), QPointF(std::clamp(x, area.left(), area.right()), y));
            painter.setAntialiasing(true);
            painter.setPen(QPen(colour(Role::surface), 1.5));
            painter.setBrush(colour(Role::warm));
            if (x >= area.left() && x <= area.right()) painter.drawEllipse(QPointF(x, y), 4, 4);
            // A curve that rises is never above and left of a point it has not reached: under the line, at the left end, is free.
            const QString text = tr("SLO p%1 %2").arg(format::significant(d_->slo_share * 100, 3), format::durationText(*d_->slo));
            drawLabel(painter, QPointF(area.left() + 4, y + 4), Qt::AlignLeft | Qt::AlignTop, text, colour(Role::warm), area);
        }
        if (showsFocusRing()) {
            painter.setPen(QPen(colour(Role::accent), 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
        }
        if (d_->cursor < 0) return;
        painter.setAntialiasing(false);
        painter.setPen(QPen(colour(Role::muted), 1));
        painter.drawLine(QPointF(d_->cursor, area.top()), QPointF(d_->cursor, area.bottom()));
        painter.setAntialiasing(true);
        for (const auto& [at, ink] : d_->dots) {
            painter.setPen(QPen(colour(Role::surface), 1.5));
            painter.setBrush(ink);
            painter.drawEllipse(at, 3.5, 3.5);
        }
        const bool left = d_->cursor > area.center().x();
        drawLabel(painter, QPointF(d_->cursor + (left ? -6 : 6), area.top() + area.height() * 0.45),
                  (left ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter, d_->cursor_text, colour(Role::text), area);
    });
}

CdfChart::~CdfChart() = default;

double CdfChart::xOf(double ms) const {
    const QRectF area = plotRect();
    return area.left() + std::log(std::max(ms, 1e-6) / d_->lo) / std::log(d_->hi / d_->lo) * area.width();
}
double CdfChart::msAt(double x) const {
    const QRectF area = plotRect();
    return d_->lo * std::pow(d_->hi / d_->lo, (x - area.left()) / area.width());
}
double CdfChart::yOf(double share) const {
    const QRectF area = plotRect();
    return area.bottom() - share * area.height();
}

bool CdfChart::fits(const Curve& curve) const {
    if (curve.empty()) return true;
    const auto [low, high] = seenSpan(curve);
    return low >= d_->lo * 0.98 && high <= d_->hi * 1.02;
}

void CdfChart::setToday(const Curve& curve) {
    d_->today = curve;
    refresh();
}

void CdfChart::setWhatIf(const Curve& curve, double spread, bool approximate) {
    d_->whatif = curve;
    d_->spread = spread;
    d_->approximate = approximate;
    if (fits(curve) && plotRect().width() > 8) {
        layoutLive();
        replotLayer(Layer::live);
    } else {
        refresh();
    }
}

void CdfChart::setSlo(std::optional<double> ms, double share) {
    d_->slo = ms;
    d_->slo_share = share;
    if (!d_->dragging) refresh();
}

std::optional<double> CdfChart::slo() const { return d_->slo; }

void CdfChart::rebuild() {
    double low = INFINITY, high = 0;
    for (const Curve* curve : {&d_->today, &d_->whatif}) {
        if (curve->empty()) continue;
        const auto [first, last] = seenSpan(*curve);
        low = std::min(low, first);
        high = std::max(high, last);
    }
    if (!std::isfinite(low)) {
        low = 10;
        high = 10000;
    }
    if (d_->slo) {
        low = std::min(low, *d_->slo * 0.8);
        high = std::max(high, *d_->slo * 1.25);
    }
    std::tie(d_->lo, d_->hi) = logBounds(low, high);
    plot_->xAxis->setRange(d_->lo, d_->hi);
    plot_->yAxis->setRange(0, 1);
    const QRectF area = plotRect();
    setTicks(plot_->xAxis, labelled(logTicks(d_->lo, d_->hi, std::max(3, static_cast<int>(area.width() / 52))),
                                    [](double v) { return format::durationText(v); }));
    setTicks(plot_->yAxis, labelled({0, 0.25, 0.5, 0.75, 1}, [this](double v) { return valueText(v); }));
    d_->today_line = toPixels(d_->today, 1, [this](double v) { return xOf(v); }, [this](double v) { return yOf(v); });
    layoutLive();
}

void CdfChart::layoutLive() {
    const auto x_of = [this](double v) { return xOf(v); };
    const auto y_of = [this](double v) { return yOf(v); };
    d_->whatif_line = toPixels(d_->whatif, 1, x_of, y_of);
    d_->band = {};
    if (d_->spread > 0 && d_->whatif.size() > 1) {
        d_->band = toPixels(d_->whatif, 1 + d_->spread, x_of, y_of);
        const QPolygonF back = toPixels(d_->whatif, 1 / (1 + d_->spread), x_of, y_of);
        for (auto point = back.rbegin(); point != back.rend(); ++point) d_->band.append(*point);
    }
}

bool CdfChart::mousePress(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !d_->slo || std::abs(event->position().x() - xOf(*d_->slo)) > 6) return false;
    d_->dragging = true;
    return true;
}

bool CdfChart::mouseMove(QMouseEvent* event) {
    const QRectF area = plotRect();
    const QPointF at = event->position();
    if (d_->dragging) {
        const double ms = msAt(std::clamp(at.x(), area.left(), area.right()));
        const double digits = std::pow(10.0, std::floor(std::log10(ms)) - 1);  // two significant digits
        d_->slo = std::round(ms / digits) * digits;
        d_->cursor = -1;
        replotLayer(Layer::overlay);
        emit sloDragged(*d_->slo);
        return true;
    }
    d_->hovered = d_->slo && area.contains(at) && std::abs(at.x() - xOf(*d_->slo)) <= 6;
    setPlotCursor(d_->hovered ? Qt::SizeHorCursor : Qt::ArrowCursor);
    d_->cursor = -1;
    d_->dots.clear();
    if (area.contains(at) && !d_->hovered) {
        d_->cursor = std::floor(at.x());
        const double ms = msAt(at.x()), now = shareAt(d_->today, ms), then = shareAt(d_->whatif, ms);
        d_->cursor_text = format::durationText(ms);
        if (std::isfinite(then)) {
            d_->dots.emplace_back(QPointF(d_->cursor, yOf(then)), colour(Role::accent));
            d_->cursor_text += tr(": %1 faster").arg(format::percent(then));
        }
        if (std::isfinite(now)) {
            d_->dots.emplace_back(QPointF(d_->cursor, yOf(now)), colour(Role::muted));
            d_->cursor_text += tr(", today %1").arg(format::percent(now));
        }
    }
    replotLayer(Layer::overlay);
    return false;
}

bool CdfChart::mouseRelease(QMouseEvent*) {
    if (!d_->dragging) return false;
    d_->dragging = false;
    emit sloCommitted(*d_->slo);
    refresh();
    return true;
}

void CdfChart::mouseLeave() {
    d_->cursor = -1;
    d_->hovered = false;
    replotLayer(Layer::overlay);
}

void CdfChart::keyPressEvent(QKeyEvent* event) {
    const double by = event->key() == Qt::Key_Right ? 1.02 : event->key() == Qt::Key_Left ? 1 / 1.02 : 0;
    if (by == 0 || !d_->slo) {
        Chart::keyPressEvent(event);
        return;
    }
    d_->slo = std::clamp(*d_->slo * (event->modifiers() & Qt::ShiftModifier ? std::pow(by, 10) : by), d_->lo, d_->hi);
    replotLayer(Layer::overlay);
    emit sloDragged(*d_->slo);
    emit sloCommitted(*d_->slo);
}

QString CdfChart::toCsv() const {
    QString out = QStringLiteral("curve,ms,share_faster\r\n");
    for (const auto& [name, curve] : {std::pair("today", &d_->today), std::pair("what_if", &d_->whatif)}) {
        for (const auto& [ms, share] : *curve) {
            out += QLatin1String(name) + QLatin1Char(',') + csvNumber(ms) + QLatin1Char(',') + csvNumber(share) + QLatin1String("\r\n");
        }
    }
    return out;
}

}  // namespace pilotlight::widgets
