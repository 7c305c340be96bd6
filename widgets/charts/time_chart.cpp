#include "widgets/charts/time_chart.h"

#include <algorithm>
#include <cmath>

#include "widgets/charts/time_chart_p.h"
#include "widgets/format.h"

namespace pilotlight::widgets {

using Style = TimeSeries::Style;

namespace {

const std::vector<double>& valuesOf(const Values& values) {
    static const std::vector<double> none;
    return values ? *values : none;
}

void fillGraph(QCPGraph* graph, const std::vector<double>& x, const std::vector<double>& y, const std::vector<std::size_t>& indices) {
    auto data = QSharedPointer<QCPGraphDataContainer>::create();
    QVector<QCPGraphData> points;
    points.reserve(static_cast<int>(indices.size()));
    for (const std::size_t i : indices) points.append(QCPGraphData(x[i], y[i]));
    data->set(points, true);
    graph->setData(data);
}

bool sameGrid(const std::vector<double>& a, const std::vector<double>& b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

QBrush translucent(QColor ink, double opacity) { return mixed(colour(Role::surface), ink, opacity); }

}  // namespace

QColor TimeSeries::ink() const { return role ? widgets::colour(*role) : Theme::instance().series(colour); }

TimeChart::TimeChart(QWidget* parent) : Chart(parent), d_(std::make_unique<Private>()) {
    d_->group = new ChartGroup(this);
    joinGroup();
    new Hook(plot_, "grid", true, [this](QCPPainter& painter) {
        painter.setAntialiasing(false);
        for (const QRectF& hatched : d_->hatched) {
            painter.fillRect(hatched, mixed(colour(Role::surface), colour(Role::raised), 0.7));
            painter.fillRect(hatched, QBrush(mixed(colour(Role::surface), colour(Role::border), 0.9), Qt::BDiagPattern));
        }
    });
    d_->bars_hook = new Hook(plot_, "main", true, [this](QCPPainter& painter) {
        painter.setAntialiasing(false);
        painter.setPen(Qt::NoPen);
        for (std::size_t i = 0; i < d_->drawn.size(); ++i) {
            if (d_->drawn[i].bars.empty()) continue;
            painter.setBrush(d_->series[i].ink());
            for (const QRectF& bar : d_->drawn[i].bars) painter.drawRect(bar);
        }
    });
    // Limits and flags move with a hand, not with the data: they live with the overlay's cheaper neighbour.
    new Hook(plot_, "live", false, [this](QCPPainter& painter) {
        const QRectF area = plotRect();
        for (const auto& flag : d_->flags) {
            QPen pen(colour(flag.role), 1, Qt::CustomDashLine);
            pen.setDashPattern({3, 3});
            painter.setAntialiasing(false);
            painter.setPen(pen);
            painter.drawLine(QPointF(flag.x, flag.box.isNull() ? area.top() : flag.box.bottom()), QPointF(flag.x, area.bottom()));
        }
        for (const auto& flag : d_->flags) {
            if (flag.box.isNull()) continue;
            painter.setAntialiasing(true);
            painter.setPen(Qt::NoPen);
            painter.setBrush(colour(Role::raised));
            painter.drawRoundedRect(flag.box, 3, 3);
            painter.setBrush(colour(flag.role));
            const QPointF foot = flag.box.topLeft() + QPointF(7, 4);
            painter.drawPolygon(QPolygonF({foot, foot + QPointF(7, 2.5), foot + QPointF(0, 5)}));
            painter.drawRect(QRectF(foot + QPointF(-1, 0), QSizeF(1, flag.box.height() - 7)));
            painter.setFont(textFont(Type::caption));
            painter.setPen(colour(flag.role));
            painter.drawText(flag.box.adjusted(18, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, flag.text);
        }
        for (std::size_t i = 0; i < d_->limits.size(); ++i) {
            const LimitLine& limit = d_->limits[i];
            const double y = yToPixel(limit.value);
            if (y < area.top() - 1 || y > area.bottom() + 1) continue;
            QPen pen(colour(limit.role), static_cast<int>(i) == d_->hovered_limit || d_->limit == static_cast<int>(i) ? 2 : 1,
                     Qt::CustomDashLine);
            pen.setDashPattern({2, 3});
            painter.setAntialiasing(false);
            painter.setPen(pen);
            painter.drawLine(QPointF(area.left(), std::round(y) + 0.5), QPointF(area.right(), std::round(y) + 0.5));
            painter.setAntialiasing(true);
            if (!limit.label.isEmpty()) {
                const bool above = y - area.top() > 18;
                drawLabel(painter, QPointF(area.right() - 2, above ? y - 2 : y + 3),
                          Qt::AlignRight | (above ? Qt::AlignBottom : Qt::AlignTop), limit.label, colour(limit.role), area);
            }
        }
    });
    new Hook(plot_, "overlay", false, [this](QCPPainter& painter) {
        const QRectF area = plotRect();
        if (d_->drag == Drag::zoom && std::abs(d_->drag_now - d_->drag_from) > 2) {
            QColor fill = colour(Role::accent);
            fill.setAlphaF(0.18F);
            painter.setPen(QPen(colour(Role::accent), 1));
            painter.setBrush(fill);
            painter.drawRect(QRectF(QPointF(d_->drag_from, area.top()), QPointF(d_->drag_now, area.bottom())).normalized());
        }
        if (showsFocusRing()) {
            painter.setPen(QPen(colour(Role::accent), 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
        }
        if (d_->cursor_x < area.left() || d_->cursor_x > area.right()) return;
        painter.setAntialiasing(false);
        painter.setPen(QPen(colour(Role::muted), 1));
        painter.drawLine(QPointF(d_->cursor_x, area.top()), QPointF(d_->cursor_x, area.bottom()));
        painter.setAntialiasing(true);
        for (const auto& [at, ink] : d_->dots) {
            painter.setPen(QPen(colour(Role::surface), 1.5));
            painter.setBrush(ink);
            painter.drawEllipse(at, 3.5, 3.5);
        }
        if (!d_->readout || d_->lines.empty()) return;
        const QFontMetricsF metrics(textFont(Type::caption));
        double wide = metrics.horizontalAdvance(d_->cursor_text);
        for (const auto& [ink, text] : d_->lines) wide = std::max(wide, metrics.horizontalAdvance(text) + 12);
        const double row = metrics.height() + 3;
        QRectF box(d_->cursor_x + 10, area.top() + 4, wide + 16, row * static_cast<double>(d_->lines.size() + 1) + 10);
        if (box.right() > area.right()) box.moveRight(d_->cursor_x - 10);
        painter.setPen(QPen(colour(Role::border), 1));
        painter.setBrush(colour(Role::raised));
        painter.drawRoundedRect(box, 4, 4);
        painter.setFont(textFont(Type::caption));
        painter.setPen(colour(Role::muted));
        double y = box.top() + 5;
        painter.drawText(QRectF(box.left() + 8, y, wide, row), Qt::AlignVCenter | Qt::AlignLeft, d_->cursor_text);
        for (const auto& [ink, text] : d_->lines) {
            y += row;
            painter.setPen(Qt::NoPen);
            painter.setBrush(ink);
            painter.drawRoundedRect(QRectF(box.left() + 8, y + row / 2 - 2, 8, 4), 1, 1);
            painter.setPen(colour(Role::text));
            painter.drawText(QRectF(box.left() + 20, y, wide, row), Qt::AlignVCenter | Qt::AlignLeft, text);
        }
    });
}

TimeChart::~TimeChart() = default;

void TimeChart::setSeries(std::vector<TimeSeries> series) {
    d_->series = std::move(series);
    d_->graphs_stale = true;
    d_->isolated.erase(
        std::remove_if(d_->isolated.begin(), d_->isolated.end(), [&](int i) { return i >= static_cast<int>(d_->series.size()); }),
        d_->isolated.end());
    emit seriesChanged();
    refresh();
}

const std::vector<TimeSeries>& TimeChart::series() const { return d_->series; }

void TimeChart::setBands(std::vector<TimeBand> bands) {
    d_->bands = std::move(bands);
    d_->graphs_stale = true;
    refresh();
}

void TimeChart::setLimits(std::vector<LimitLine> limits) {
    d_->limits = std::move(limits);
    refresh();
}

void TimeChart::setAnnotations(std::vector<Annotation> annotations) {
    d_->annotations = std::move(annotations);
    refresh();
}

void TimeChart::setIncomplete(std::vector<std::pair<double, double>> spans) {
    d_->incomplete = std::move(spans);
    refresh();
}

void TimeChart::setLogarithmic(bool on) {
    d_->logarithmic = on;
    plot_->yAxis->setScaleType(on ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    refresh();
}

void TimeChart::setFixedTop(std::optional<double> value) {
    d_->fixed_top = value;
    refresh();
}

void TimeChart::setZone(const QTimeZone& zone) {
    d_->zone = zone;
    refresh();
}

void TimeChart::setGroup(ChartGroup* group) {
    if (!group || group == d_->group) return;
    disconnect(d_->group, nullptr, this, nullptr);
    if (d_->group->parent() == this) d_->group->deleteLater();
    d_->group = group;
    joinGroup();
    refresh();
}

ChartGroup* TimeChart::group() const { return d_->group; }

void TimeChart::setTimeRange(double from, double to) { d_->group->setHome(from, to); }

void TimeChart::setReadout(bool on) { d_->readout = on; }

void TimeChart::setIsolated(std::vector<int> indices) {
    d_->isolated = std::move(indices);
    d_->graphs_stale = true;
    emit seriesChanged();
    refresh();
}

bool TimeChart::isShown(int index) const {
    return d_->isolated.empty() || std::find(d_->isolated.begin(), d_->isolated.end(), index) != d_->isolated.end();
}

int TimeChart::drawnPoints(int index) const {
    return index >= 0 && index < static_cast<int>(d_->drawn.size()) ? d_->drawn[static_cast<std::size_t>(index)].points : 0;
}

double TimeChart::xToPixel(double x) const {
    const QRectF area = plotRect();
    return area.left() + (x - d_->group->from()) / (d_->group->to() - d_->group->from()) * area.width();
}

double TimeChart::pixelToX(double pixel) const {
    const QRectF area = plotRect();
    return d_->group->from() + (pixel - area.left()) / area.width() * (d_->group->to() - d_->group->from());
}

double TimeChart::yToPixel(double y) const {
    const QRectF area = plotRect();
    const double share =
        d_->logarithmic ? std::log(std::max(y, 1e-300) / d_->y_lo) / std::log(d_->y_hi / d_->y_lo) : (y - d_->y_lo) / (d_->y_hi - d_->y_lo);
    return area.bottom() - share * area.height();
}

double TimeChart::pixelToY(double pixel) const {
    const QRectF area = plotRect();
    const double share = (area.bottom() - pixel) / area.height();
    return d_->logarithmic ? d_->y_lo * std::pow(d_->y_hi / d_->y_lo, share) : d_->y_lo + share * (d_->y_hi - d_->y_lo);
}

void TimeChart::restyle() {
    Chart::restyle();
    if (d_) d_->graphs_stale = true;
}

void TimeChart::makeGraphs() {
    plot_->clearGraphs();
    d_->drawn.clear();
    d_->drawn.resize(d_->series.size());
    d_->band_graphs.clear();
    plot_->setCurrentLayer(QStringLiteral("main"));
    for (const TimeBand& band : d_->bands) {
        QCPGraph* low = plot_->addGraph();
        QCPGraph* high = plot_->addGraph();
        low->setPen(Qt::NoPen);
        high->setPen(Qt::NoPen);
        high->setBrush(translucent(Theme::instance().series(band.colour), 0.15));
        high->setChannelFillGraph(low);
        d_->band_graphs.emplace_back(low, high);
    }
    std::vector<double> below;
    const std::vector<double>* grid = nullptr;
    for (std::size_t i = 0; i < d_->series.size(); ++i) {
        const TimeSeries& one = d_->series[i];
        auto& drawn = d_->drawn[i];
        if (!isShown(static_cast<int>(i))) continue;
        const auto& x = valuesOf(one.x);
        const auto& y = valuesOf(one.y);
        if (one.style == Style::bars) {
            drawn.x = x;
            drawn.y = y;
            continue;
        }
        QCPGraph* graph = plot_->addGraph();
        drawn.graph = graph;
        graph->setAdaptiveSampling(false);  // decimated here, keeping extremes
        graph->setLineStyle(one.style == Style::step || one.style == Style::step_area ? QCPGraph::lsStepLeft : QCPGraph::lsLine);
        if (one.style == Style::stacked) {
            if (!grid) {
                grid = &x;
                below.assign(x.size(), 0);
            }
            drawn.x = *grid;
            drawn.base = below;
            drawn.y.resize(grid->size());
            for (std::size_t k = 0; k < grid->size(); ++k) {
                double value = 0;
                if (sameGrid(*grid, x)) {
                    value = k < y.size() ? y[k] : 0;
                } else if (const std::size_t at = lastAtOrBefore(x, (*grid)[k]); at != kNoIndex) {
                    value = y[at];
                }
                below[k] += std::isfinite(value) ? value : 0;
                drawn.y[k] = below[k];
            }
            drawn.base_graph = plot_->addGraph();
            drawn.base_graph->setPen(Qt::NoPen);
            drawn.base_graph->setAdaptiveSampling(false);
            graph->setChannelFillGraph(drawn.base_graph);
            graph->setBrush(translucent(one.ink(), 0.75));
            if (one.period_s > 0 && !drawn.x.empty()) {
                for (QCPGraph* edge : {graph, drawn.base_graph}) edge->setLineStyle(QCPGraph::lsStepLeft);
                drawn.x.push_back(drawn.x.back() + one.period_s);
                drawn.y.push_back(drawn.y.back());
                drawn.base.push_back(drawn.base.back());
            }
            continue;
        }
        GappedSeries gapped = withGaps(x, y, one.period_s);
        drawn.x = std::move(gapped.x);
        drawn.y = std::move(gapped.y);
        // A step holds for its whole period; without this the last one would have no width.
        if (one.style == Style::step || one.style == Style::step_area) {
            if (!drawn.x.empty() && one.period_s > 0) {
                drawn.x.push_back(drawn.x.back() + one.period_s);
                drawn.y.push_back(drawn.y.back());
            }
        }
        if (one.style == Style::area || one.style == Style::step_area) graph->setBrush(translucent(one.ink(), 0.25));
    }
    d_->bars_hook->setLayer(QStringLiteral("main"));  // to the end again: bars stand before areas
    d_->graphs_stale = false;
}

void TimeChart::rebuild() {
    if (d_->graphs_stale) makeGraphs();
    const QRectF area = plotRect();
    const double from = d_->group->from(), to = d_->group->to();
    plot_->xAxis->setRange(from, to);
    setTicks(plot_->xAxis, timeTicks(from, to, std::max(2, static_cast<int>(area.width() / 90)), d_->zone));
    rebuildValues();
    rebuildMarks();
    layoutCursor();
}

void TimeChart::rebuildValues() {
    const QRectF area = plotRect();
    const double from = d_->group->from(), to = d_->group->to();
    const int columns = static_cast<int>(area.width());
    double low = INFINITY, high = -INFINITY;
    const auto stretch = [&](double value) {
        if (!std::isfinite(value) || (d_->logarithmic && value <= 0)) return;
        low = std::min(low, value);
        high = std::max(high, value);
    };
    std::vector<std::size_t> stack_indices;
    for (std::size_t b = 0; b < d_->band_graphs.size(); ++b) {
        const auto& x = valuesOf(d_->bands[b].x);
        for (const auto& [graph, values] : {std::pair(d_->band_graphs[b].first, &valuesOf(d_->bands[b].lo)),
                                            std::pair(d_->band_graphs[b].second, &valuesOf(d_->bands[b].hi))}) {
            const auto indices = decimatedIndices(x, *values, from, to, columns);
            fillGraph(graph, x, *values, indices);
            for (const std::size_t i : indices) stretch((*values)[i]);
        }
    }
    for (std::size_t s = 0; s < d_->drawn.size(); ++s) {
        auto& drawn = d_->drawn[s];
        const TimeSeries& one = d_->series[s];
        drawn.bars.clear();
        if (!drawn.graph) continue;
        std::vector<std::size_t> indices;
        if (one.style == Style::stacked) {
            // One choice of points for the whole stack (by its total), so that edges fit together.
            if (stack_indices.empty()) {
                std::size_t top = s;
                for (std::size_t k = s; k < d_->drawn.size(); ++k) {
                    if (d_->series[k].style == Style::stacked && d_->drawn[k].graph) top = k;
                }
                stack_indices = decimatedIndices(d_->drawn[top].x, d_->drawn[top].y, from, to, columns);
            }
            indices = stack_indices;
            fillGraph(drawn.base_graph, drawn.x, drawn.base, indices);
        } else {
            indices = decimatedIndices(drawn.x, drawn.y, from, to, columns);
        }
        fillGraph(drawn.graph, drawn.x, drawn.y, indices);
        drawn.points = static_cast<int>(indices.size());
        const double density = static_cast<double>(indices.size()) / std::max(columns, 1);
        QPen pen = linePen(one.ink(), density);
        if (one.style == Style::stacked) {
            pen = QPen(colour(Role::surface), 1);  // the gap between areas
        } else if (one.dashed) {
            pen.setStyle(Qt::CustomDashLine);
            pen.setDashPattern({4, 3});
        }
        drawn.graph->setPen(pen);
        drawn.graph->setAntialiasedFill(density <= 0.34);
        for (const std::size_t i : indices) {
            if (drawn.x[i] >= from && drawn.x[i] <= to) stretch(drawn.y[i]);
        }
    }
    for (std::size_t s = 0; s < d_->drawn.size(); ++s) {
        if (d_->series[s].style != Style::bars) continue;
        const auto& drawn = d_->drawn[s];
        for (std::size_t i = 0; i < drawn.x.size(); ++i) {
            if (drawn.x[i] >= from && drawn.x[i] <= to) stretch(drawn.y[i]);
        }
    }
    // A limit belongs into the picture unless it would flatten the data.
    for (const LimitLine& limit : d_->limits) {
        if (!std::isfinite(high) || limit.value <= (d_->logarithmic ? 10 : 3) * std::max(high, 1e-12))
            stretch(limit.value * (d_->logarithmic ? 1 : 1.04));
    }
    if (d_->logarithmic) {
        if (!std::isfinite(low)) {
            low = 1;
            high = 10;
        }
        std::tie(d_->y_lo, d_->y_hi) = logBounds(low, high);
        setTicks(plot_->yAxis, labelled(logTicks(d_->y_lo, d_->y_hi, std::max(2, static_cast<int>(area.height() / 26))),
                                        [this](double v) { return valueText(v); }));
    } else {
        const int most = std::max(2, static_cast<int>(area.height() / 34));
        d_->y_lo = std::isfinite(low) && low < 0 ? -niceCeiling(-low, most) : 0;
        // Room above, so that a line does not run along the edge.
        d_->y_hi = d_->fixed_top ? *d_->fixed_top : niceCeiling(std::isfinite(high) && high > 0 ? 1.015 * high : 1, most);
        setTicks(plot_->yAxis, labelled(niceTicks(d_->y_lo, d_->y_hi, most + 1), [this](double v) { return valueText(v); }));
    }
    plot_->yAxis->setRange(d_->y_lo, d_->y_hi);
    for (std::size_t s = 0; s < d_->drawn.size(); ++s) {
        const TimeSeries& one = d_->series[s];
        if (one.style != Style::bars) continue;
        auto& drawn = d_->drawn[s];
        // Bars narrower than a pixel merge into one of the highest, a column at a time.
        const double wide = one.period_s > 0 ? xToPixel(from + one.period_s) - xToPixel(from) : 3;
        for (std::size_t i = 0; i < drawn.x.size(); ++i) {
            if (drawn.x[i] + one.period_s < from || drawn.x[i] > to || !(drawn.y[i] > 0)) continue;
            const double left = std::floor(xToPixel(drawn.x[i])), top = yToPixel(drawn.y[i]);
            const QRectF bar(left, std::min(top, area.bottom() - 2), std::max(2.0, std::floor(wide) - (wide > 4 ? 1 : 0)), 0);
            QRectF full = bar;
            full.setBottom(area.bottom());
            if (!drawn.bars.empty() && drawn.bars.back().left() == full.left()) {
                drawn.bars.back().setTop(std::min(drawn.bars.back().top(), full.top()));
            } else {
                drawn.bars.push_back(full);
            }
        }
        drawn.points = static_cast<int>(drawn.bars.size());
    }
}

void TimeChart::rebuildMarks() {
    const QRectF area = plotRect();
    d_->hatched.clear();
    for (const auto& [from, to] : d_->incomplete) {
        if (to <= d_->group->from() || from >= d_->group->to()) continue;
        d_->hatched.emplace_back(QPointF(std::max(area.left(), xToPixel(from)), area.top()),
                                 QPointF(std::min(area.right(), xToPixel(to)), area.bottom()));
    }
    d_->flags.clear();
    const QFontMetricsF metrics(textFont(Type::caption));
    double free_from = area.left();
    std::vector<const Annotation*> ordered;
    for (const Annotation& note : d_->annotations) ordered.push_back(&note);
    std::stable_sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) { return a->time < b->time; });
    for (const Annotation* note : ordered) {
        if (note->time < d_->group->from() || note->time > d_->group->to()) continue;
        Private::Flag flag{std::floor(xToPixel(note->time)), {}, note->text, note->role, note->id};
        const double most = std::min(260.0, area.width());
        flag.text = metrics.elidedText(note->text, Qt::ElideRight, most - 24);
        QRectF box(flag.x, area.top(), metrics.horizontalAdvance(flag.text) + 24, 16);
        if (box.right() > area.right()) box.moveRight(flag.x + 1);
        if (!note->text.isEmpty() && box.left() >= free_from - 1) {
            flag.box = box;
            free_from = box.right() + 4;
        }
        d_->flags.push_back(flag);
    }
}

QString TimeChart::toCsv() const {
    if (d_->series.empty()) return {};
    QString out = QStringLiteral("series,time,value\r\n");
    for (std::size_t s = 0; s < d_->series.size(); ++s) {
        if (!isShown(static_cast<int>(s))) continue;
        const auto& x = valuesOf(d_->series[s].x);
        const auto& y = valuesOf(d_->series[s].y);
        QString name = d_->series[s].name;
        name.replace(QLatin1Char('"'), QLatin1String("\"\""));
        for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
            if (x[i] < d_->group->from() || x[i] > d_->group->to()) continue;
            out +=
                QLatin1Char('"') + name + QLatin1String("\",") + csvTime(x[i]) + QLatin1Char(',') + csvNumber(y[i]) + QLatin1String("\r\n");
        }
    }
    return out;
}

}  // namespace pilotlight::widgets
