#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "widgets/charts/time_chart_p.h"
#include "widgets/format.h"

namespace pilotlight::widgets {

void TimeChart::joinGroup() {
    connect(d_->group, &ChartGroup::visibleChanged, this, [this] { refresh(); });
    connect(d_->group, &ChartGroup::cursorChanged, this, [this] {
        layoutCursor();
        replotLayer(Layer::overlay);
    });
}

void TimeChart::layoutCursor() {
    const double at = d_->group->cursor();
    d_->dots.clear();
    d_->lines.clear();
    d_->cursor_x = -1;
    if (!std::isfinite(at) || at < d_->group->from() || at > d_->group->to()) return;
    d_->cursor_x = std::floor(xToPixel(at));
    d_->cursor_text = format::dateTime(Timestamp(milliseconds(static_cast<std::int64_t>(at * 1000))), d_->zone);
    for (std::size_t s = 0; s < d_->drawn.size(); ++s) {
        const auto& drawn = d_->drawn[s];
        if (!drawn.graph) continue;
        const std::size_t i = lastAtOrBefore(drawn.x, at);
        if (i == kNoIndex || !std::isfinite(drawn.y[i])) continue;
        const bool steps = d_->series[s].style == TimeSeries::Style::step || d_->series[s].style == TimeSeries::Style::step_area;
        d_->dots.emplace_back(QPointF(steps ? d_->cursor_x : xToPixel(drawn.x[i]), yToPixel(drawn.y[i])), d_->series[s].ink());
    }
    if (d_->readout) d_->lines = readoutAt(at);
}

std::vector<std::pair<QColor, QString>> TimeChart::readoutAt(double time) const {
    struct Line {
        double value;
        QColor ink;
        QString text;
    };
    std::vector<Line> lines;
    for (std::size_t s = 0; s < d_->series.size(); ++s) {
        const TimeSeries& one = d_->series[s];
        if (!isShown(static_cast<int>(s)) || !one.x || !one.y) continue;
        const std::size_t i = lastAtOrBefore(*one.x, time);
        if (i == kNoIndex || i >= one.y->size() || !std::isfinite((*one.y)[i])) continue;
        if (one.period_s > 0 && time > (*one.x)[i] + 1.5 * one.period_s) continue;  // in a gap
        const double value = (*one.y)[i];
        lines.push_back({value, one.ink(), (one.text ? one.text(value) : valueText(value)) + QStringLiteral("  ") + one.name});
    }
    std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.value > b.value; });
    std::vector<std::pair<QColor, QString>> out;
    for (auto& line : lines) {
        if (out.size() == 12) break;
        out.emplace_back(line.ink, std::move(line.text));
    }
    return out;
}

int TimeChart::limitAt(const QPointF& point) const {
    if (!plotRect().contains(point)) return -1;
    for (std::size_t i = 0; i < d_->limits.size(); ++i) {
        if (d_->limits[i].draggable && std::abs(yToPixel(d_->limits[i].value) - point.y()) <= 5) return static_cast<int>(i);
    }
    return -1;
}

bool TimeChart::mousePress(QMouseEvent* event) {
    const QPointF at = event->position();
    if (!plotRect().contains(at)) return false;
    for (const auto& flag : d_->flags) {
        if (event->button() == Qt::LeftButton && flag.box.contains(at)) {
            emit annotationClicked(flag.id);
            return true;
        }
    }
    if (event->button() == Qt::MiddleButton || (event->button() == Qt::LeftButton && event->modifiers() & Qt::ShiftModifier)) {
        d_->drag = Drag::pan;
        d_->drag_from = at.x();
        d_->pan_from = d_->group->from();
        d_->pan_to = d_->group->to();
        setPlotCursor(Qt::ClosedHandCursor);
        return true;
    }
    if (event->button() != Qt::LeftButton) return false;
    d_->limit = limitAt(at);
    d_->drag = d_->limit >= 0 ? Drag::limit : Drag::zoom;
    d_->drag_from = d_->drag_now = at.x();
    return true;
}

bool TimeChart::mouseMove(QMouseEvent* event) {
    const QPointF at = event->position();
    const QRectF area = plotRect();
    switch (d_->drag) {
        case Drag::pan: {
            const double by = (d_->drag_from - at.x()) / area.width() * (d_->pan_to - d_->pan_from);
            d_->group->pan(d_->pan_from + by - d_->group->from());
            return true;
        }
        case Drag::limit: {
            auto& limit = d_->limits[static_cast<std::size_t>(d_->limit)];
            limit.value = pixelToY(std::clamp(at.y(), area.top(), area.bottom() - 1));
            replotLayer(Layer::live);
            emit limitDragged(d_->limit, limit.value);
            return true;
        }
        case Drag::zoom:
            d_->drag_now = std::clamp(at.x(), area.left(), area.right());
            if (area.contains(at)) d_->group->setCursor(pixelToX(at.x()));
            replotLayer(Layer::overlay);
            return true;
        case Drag::none:
            break;
    }
    const int hovered = limitAt(at);
    if (hovered != d_->hovered_limit) {
        d_->hovered_limit = hovered;
        replotLayer(Layer::live);
    }
    const bool on_flag = std::any_of(d_->flags.begin(), d_->flags.end(), [&](const auto& flag) { return flag.box.contains(at); });
    setPlotCursor(hovered >= 0 ? Qt::SizeVerCursor : on_flag ? Qt::PointingHandCursor : Qt::ArrowCursor);
    if (area.contains(at)) {
        d_->group->setCursor(pixelToX(at.x()));
    } else {
        d_->group->setCursor(std::numeric_limits<double>::quiet_NaN());
    }
    return false;
}

bool TimeChart::mouseRelease(QMouseEvent*) {
    const Drag drag = d_->drag;
    d_->drag = Drag::none;
    if (drag == Drag::none) return false;
    setPlotCursor(Qt::ArrowCursor);
    if (drag == Drag::limit) {
        const int index = d_->limit;
        d_->limit = -1;
        emit limitCommitted(index, d_->limits[static_cast<std::size_t>(index)].value);
        refresh();  // the axis may have to follow
    } else if (drag == Drag::zoom) {
        if (std::abs(d_->drag_now - d_->drag_from) > 4) {
            const double a = pixelToX(std::min(d_->drag_from, d_->drag_now)), b = pixelToX(std::max(d_->drag_from, d_->drag_now));
            d_->group->setVisible(a, b);
        }
        replotLayer(Layer::overlay);
    }
    return true;
}

bool TimeChart::mouseDoubleClick(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return false;
    d_->drag = Drag::none;
    d_->group->resetZoom();
    return true;
}

bool TimeChart::wheel(QWheelEvent* event) {
    if (!(event->modifiers() & Qt::ControlModifier) && !hasFocus()) return false;
    const double notches = event->angleDelta().y() / 120.0;
    if (notches == 0) return false;
    if (!(event->modifiers() & Qt::ControlModifier) && notches < 0 && !d_->group->isZoomed()) return false;  // nothing left to zoom out of
    d_->group->zoom(std::pow(0.8, notches), pixelToX(event->position().x()));
    event->accept();
    return true;
}

void TimeChart::mouseLeave() {
    if (d_->drag == Drag::none) d_->group->setCursor(std::numeric_limits<double>::quiet_NaN());
}

void TimeChart::addMenuActions(QMenu& menu) {
    menu.addAction(tr("Show whole range"), this, [this] { d_->group->resetZoom(); })->setEnabled(d_->group->isZoomed());
    menu.addAction(tr("Show all series"), this, [this] { setIsolated({}); })->setEnabled(!d_->isolated.empty());
}

void TimeChart::keyPressEvent(QKeyEvent* event) {
    ChartGroup& group = *d_->group;
    const double length = group.to() - group.from();
    const double about = std::isfinite(group.cursor()) ? group.cursor() : (group.from() + group.to()) / 2;
    const auto move = [&](int by) {
        if (d_->series.empty() || !d_->series.front().x) return;
        const auto& x = *d_->series.front().x;
        std::size_t i = lastAtOrBefore(x, std::isfinite(group.cursor()) ? group.cursor() : group.to());
        if (i == kNoIndex) i = 0;
        const auto next = static_cast<std::ptrdiff_t>(i) + (std::isfinite(group.cursor()) ? by : 0);
        if (next >= 0 && next < static_cast<std::ptrdiff_t>(x.size()))
            group.setCursor(std::clamp(x[static_cast<std::size_t>(next)], group.from(), group.to()));
    };
    switch (event->key()) {
        case Qt::Key_W:
        case Qt::Key_Plus:
            group.zoom(0.8, about);
            return;
        case Qt::Key_S:
        case Qt::Key_Minus:
            group.zoom(1.25, about);
            return;
        case Qt::Key_A:
            group.pan(-length / 5);
            return;
        case Qt::Key_D:
            group.pan(length / 5);
            return;
        case Qt::Key_Left:
            move(event->modifiers() & Qt::ShiftModifier ? -10 : -1);
            return;
        case Qt::Key_Right:
            move(event->modifiers() & Qt::ShiftModifier ? 10 : 1);
            return;
        case Qt::Key_Home:
        case Qt::Key_Escape:
            group.setCursor(std::numeric_limits<double>::quiet_NaN());
            group.resetZoom();
            return;
        default:
            QWidget::keyPressEvent(event);
    }
}

}  // namespace pilotlight::widgets
