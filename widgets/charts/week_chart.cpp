#include "widgets/charts/week_chart.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>
#include <array>
#include <cmath>

#include "widgets/charts/decimate.h"
#include "widgets/charts/plot_support.h"
#include "widgets/format.h"

namespace pilotlight::widgets {

struct WeekChart::Private {
    std::vector<float> demand, cold;
    std::vector<int> pool = std::vector<int>(kHours, 0);
    int maximum = 0;
    bool editable = true;
    QString zone = QStringLiteral("UTC");
    double top = 1;
    QCPGraph* line = nullptr;
    QPolygonF steps, outline;
    std::vector<QRectF> cold_ticks;
    bool painting = false;
    int last_hour = -1, cursor_hour = -1;
};

WeekChart::WeekChart(QWidget* parent) : Chart(parent), d_(std::make_unique<Private>()) {
    setMargins({32, 8, 12, 30});
    setValueFormat([](double v) { return format::integer(v); });
    d_->line = plot_->addGraph();
    d_->line->setAdaptiveSampling(false);
    new Hook(plot_, "grid", true, [this](QCPPainter& painter) {
        painter.setAntialiasing(false);
        painter.setPen(QPen(mixed(colour(Role::surface), colour(Role::border), 0.75), 0));
        const QRectF area = plotRect();
        for (int day = 0; day < 7; ++day) {
            const double x = std::round(area.left() + area.width() * day / 7.0);
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
        }
    });
    // Below the line of demand: the pool is the ground that demand stands on.
    plot_->addLayer(QStringLiteral("pool"), plot_->layer(QStringLiteral("main")), QCustomPlot::limBelow);
    plot_->layer(QStringLiteral("pool"))->setMode(QCPLayer::lmBuffered);
    new Hook(plot_, "pool", true, [this](QCPPainter& painter) {
        painter.setAntialiasing(false);
        painter.setPen(Qt::NoPen);
        painter.setBrush(mixed(colour(Role::surface), colour(Role::warm), 0.25));
        painter.drawPolygon(d_->steps);
        QPen pen(colour(Role::warm), 1.5);
        pen.setJoinStyle(Qt::MiterJoin);
        painter.setAntialiasing(true);
        painter.setPen(pen);
        painter.setBrush(Qt::NoBrush);
        painter.drawPolyline(d_->outline);
    });
    new Hook(plot_, "live", false, [this](QCPPainter& painter) {
        painter.setAntialiasing(false);
        painter.setPen(Qt::NoPen);
        painter.setBrush(colour(Role::cold));
        for (const QRectF& tick : d_->cold_ticks) painter.drawRect(tick);
    });
    new Hook(plot_, "overlay", false, [this](QCPPainter& painter) {
        const QRectF area = plotRect();
        if (showsFocusRing()) {
            painter.setPen(QPen(colour(Role::accent), 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
        }
        if (d_->cursor_hour < 0) return;
        const double x = area.left() + area.width() * d_->cursor_hour / kHours, wide = area.width() / kHours;
        QColor fill = colour(Role::warm);
        fill.setAlphaF(0.22F);
        painter.fillRect(QRectF(x, area.top(), std::max(wide, 2.0), area.height()), fill);
        static constexpr std::array days{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
        const QString text = QStringLiteral("%1 %2:00  pool %3")
                                 .arg(QLatin1String(days[static_cast<std::size_t>(d_->cursor_hour / 24)]))
                                 .arg(d_->cursor_hour % 24, 2, 10, QLatin1Char('0'))
                                 .arg(d_->pool[static_cast<std::size_t>(d_->cursor_hour)]);
        const bool left = x > area.center().x();
        drawLabel(painter, QPointF(left ? x - 4 : x + wide + 4, area.top() + 2), (left ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignTop,
                  text, colour(Role::text), area);
    });
    WeekChart::restyle();
}

WeekChart::~WeekChart() = default;

void WeekChart::restyle() {
    Chart::restyle();
    if (d_ && d_->line) d_->line->setPen(linePen(colour(Role::cold), 0.5));
    plot_->xAxis->setTickLabels(true);
}

void WeekChart::setDemand(std::vector<float> concurrency, std::vector<float> cold) {
    d_->demand = std::move(concurrency);
    d_->cold = std::move(cold);
    refresh();
}

void WeekChart::setCold(std::vector<float> cold) {
    d_->cold = std::move(cold);
    layoutCold();
    replotLayer(Layer::live);
}

void WeekChart::setPool(const std::vector<int>& by_hour) {
    d_->pool = by_hour;
    d_->pool.resize(kHours, 0);
    if (*std::max_element(d_->pool.begin(), d_->pool.end()) > d_->top || plotRect().width() < 8) {
        refresh();
        return;
    }
    layoutPool();
    plot_->layer(QStringLiteral("pool"))->replot();
}

const std::vector<int>& WeekChart::pool() const { return d_->pool; }
void WeekChart::setMaximum(int most) { d_->maximum = most; }
void WeekChart::setEditable(bool on) { d_->editable = on; }

void WeekChart::setZoneName(const QString& zone) {
    d_->zone = zone;
    refresh();
}

void WeekChart::rebuild() {
    const QRectF area = plotRect();
    float peak = 1;
    for (const float v : d_->demand) {
        if (std::isfinite(v)) peak = std::max(peak, v);
    }
    const int pool = *std::max_element(d_->pool.begin(), d_->pool.end());
    const int most = std::max(2, static_cast<int>(area.height() / 46));
    // Room above the highest, so that the pool can be painted higher than it is.
    d_->top = niceCeiling(std::max(1.0, std::max<double>(peak, pool) * 1.08), most);
    d_->top = std::max(4.0, d_->top);
    if (d_->top != std::floor(d_->top)) d_->top = 5 * std::ceil(d_->top / 5);  // levels are whole instances
    plot_->xAxis->setRange(0, kHours);
    plot_->yAxis->setRange(0, d_->top);
    std::vector<double> levels = niceTicks(0, d_->top, most + 1);
    levels.erase(std::remove_if(levels.begin(), levels.end(), [](double v) { return v != std::floor(v); }), levels.end());
    setTicks(plot_->yAxis, labelled(levels, [this](double v) { return valueText(v); }));
    static constexpr std::array days{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    std::vector<Tick> ticks;
    for (int day = 0; day < 7; ++day) ticks.push_back({day * 24.0 + 12, QLatin1String(days[static_cast<std::size_t>(day)])});
    setTicks(plot_->xAxis, ticks);
    plot_->xAxis->setTickLabelPadding(12);  // the cold ticks stand between axis and days
    std::vector<double> x(d_->demand.size()), y(d_->demand.size());
    for (std::size_t i = 0; i < d_->demand.size(); ++i) {
        x[i] = (static_cast<double>(i) + 0.5) * kHours / static_cast<double>(d_->demand.size());
        y[i] = d_->demand[i];
    }
    const auto indices = decimatedIndices(x, y, 0, kHours, static_cast<int>(area.width()));
    QVector<QCPGraphData> points;
    for (const std::size_t i : indices) points.append(QCPGraphData(x[i], y[i]));
    auto container = QSharedPointer<QCPGraphDataContainer>::create();
    container->set(points, true);
    d_->line->setData(container);
    layoutPool();
    layoutCold();
}

void WeekChart::layoutPool() {
    const QRectF area = plotRect();
    const auto px = [&](int hour) { return std::round(area.left() + area.width() * hour / kHours); };
    const auto py = [&](int level) { return std::round(area.bottom() - area.height() * level / d_->top); };
    d_->outline.clear();
    for (int hour = 0; hour < kHours; ++hour) {
        const double y = py(d_->pool[static_cast<std::size_t>(hour)]);
        if (d_->outline.isEmpty() || d_->outline.last().y() != y) d_->outline.append(QPointF(px(hour), y));
        if (hour + 1 == kHours || d_->pool[static_cast<std::size_t>(hour + 1)] != d_->pool[static_cast<std::size_t>(hour)]) {
            d_->outline.append(QPointF(px(hour + 1), y));
        }
    }
    d_->steps = d_->outline;
    d_->steps.append(QPointF(area.right(), area.bottom()));
    d_->steps.prepend(QPointF(area.left(), area.bottom()));
}

void WeekChart::layoutCold() {
    const QRectF area = plotRect();
    d_->cold_ticks.clear();
    double last = -10;
    for (std::size_t i = 0; i < d_->cold.size(); ++i) {
        if (!(d_->cold[i] > 0)) continue;
        const double x = std::floor(area.left() + area.width() * (static_cast<double>(i) + 0.5) / static_cast<double>(d_->cold.size()));
        if (x - last < 3) continue;  // one tick a 3 px
        d_->cold_ticks.emplace_back(x - 1, area.bottom() + 3, 2, 5);
        last = x;
    }
}

int WeekChart::hourAt(double x) const {
    const QRectF area = plotRect();
    return std::clamp(static_cast<int>((x - area.left()) / area.width() * kHours), 0, kHours - 1);
}

int WeekChart::levelAt(double y) const {
    const QRectF area = plotRect();
    int level = std::max(0, static_cast<int>(std::lround((area.bottom() - y) / area.height() * d_->top)));
    if (d_->maximum > 0) level = std::min(level, d_->maximum);
    return level;
}

void WeekChart::paintTo(const QPointF& pixel) {
    const int hour = hourAt(pixel.x()), level = levelAt(pixel.y());
    const int from = d_->last_hour < 0 ? hour : std::min(d_->last_hour, hour),
              to = d_->last_hour < 0 ? hour : std::max(d_->last_hour, hour);
    bool moved = false;
    for (int h = from; h <= to; ++h) {
        if (h == d_->last_hour && h != hour) continue;
        auto& slot = d_->pool[static_cast<std::size_t>(h)];
        moved = moved || slot != level;
        slot = level;
    }
    d_->last_hour = hour;
    d_->cursor_hour = hour;
    if (moved) {
        layoutPool();
        plot_->layer(QStringLiteral("pool"))->replot();
        emit poolPainted(d_->pool);
    }
    replotLayer(Layer::overlay);
}

bool WeekChart::mousePress(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !d_->editable || !plotRect().adjusted(0, -4, 0, 6).contains(event->position())) return false;
    d_->painting = true;
    d_->last_hour = -1;
    paintTo(event->position());
    return true;
}

bool WeekChart::mouseMove(QMouseEvent* event) {
    if (d_->painting) {
        paintTo(event->position());
        return true;
    }
    const bool inside = plotRect().contains(event->position());
    setPlotCursor(inside && d_->editable ? Qt::CrossCursor : Qt::ArrowCursor);
    const int hour = inside ? hourAt(event->position().x()) : -1;
    if (hour != d_->cursor_hour) {
        d_->cursor_hour = hour;
        replotLayer(Layer::overlay);
    }
    return false;
}

bool WeekChart::mouseRelease(QMouseEvent*) {
    if (!d_->painting) return false;
    d_->painting = false;
    d_->last_hour = -1;
    emit poolCommitted(d_->pool);
    return true;
}

void WeekChart::mouseLeave() {
    if (d_->painting) return;
    d_->cursor_hour = -1;
    replotLayer(Layer::overlay);
}

void WeekChart::keyPressEvent(QKeyEvent* event) {
    const int key = event->key();
    if (key == Qt::Key_Left || key == Qt::Key_Right) {
        const int by = (key == Qt::Key_Right ? 1 : -1) * (event->modifiers() & Qt::ShiftModifier ? 24 : 1);
        d_->cursor_hour = std::clamp(d_->cursor_hour + by, 0, kHours - 1);
        replotLayer(Layer::overlay);
    } else if ((key == Qt::Key_Up || key == Qt::Key_Down) && d_->cursor_hour >= 0 && d_->editable) {
        auto& level = d_->pool[static_cast<std::size_t>(d_->cursor_hour)];
        const int most = d_->maximum > 0 ? d_->maximum : static_cast<int>(d_->top);
        level = std::clamp(level + (key == Qt::Key_Up ? 1 : -1), 0, most);
        layoutPool();
        plot_->layer(QStringLiteral("pool"))->replot();
        replotLayer(Layer::overlay);
        emit poolPainted(d_->pool);
        emit poolCommitted(d_->pool);
    } else {
        Chart::keyPressEvent(event);
    }
}

QString WeekChart::toCsv() const {
    QString out = QStringLiteral("hour_of_week,concurrency_max,pool\r\n");
    for (int hour = 0; hour < kHours; ++hour) {
        float peak = NAN;
        const std::size_t bins = d_->demand.size() / kHours;
        for (std::size_t k = 0; k < bins; ++k) {
            const float v = d_->demand[static_cast<std::size_t>(hour) * bins + k];
            if (std::isfinite(v) && !(peak >= v)) peak = v;
        }
        out += QString::number(hour) + QLatin1Char(',') + csvNumber(static_cast<double>(peak)) + QLatin1Char(',') +
               QString::number(d_->pool[static_cast<std::size_t>(hour)]) + QLatin1String("\r\n");
    }
    return out;
}

}  // namespace pilotlight::widgets
