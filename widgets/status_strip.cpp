#include "widgets/status_strip.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

namespace pilotlight::widgets {

StatusStrip::StatusStrip(QWidget* parent) : QWidget(parent) {
    setFixedHeight(28);
    setMouseTracking(true);
    setAccessibleName(tr("Status"));
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void StatusStrip::setItem(const QString& id, Side side, const QString& text, bool clickable, Role ink, const QString& tooltip) {
    auto at = std::find_if(items_.begin(), items_.end(), [&](const Item& item) { return item.id == id; });
    if (at == items_.end()) {
        items_.emplace_back();
        at = items_.end() - 1;
        at->id = id;
    }
    at->text = text;
    at->side = side;
    at->clickable = clickable;
    at->ink = ink;
    at->tooltip = tooltip;
    arrange();
    QStringList spoken;
    for (const Item& item : items_) {
        if (!item.text.isEmpty()) spoken << item.text;
    }
    setAccessibleDescription(spoken.join(QLatin1String("; ")));
}

void StatusStrip::setProgress(const QString& id, double progress) {
    for (Item& item : items_) {
        if (item.id == id) item.progress = progress;
    }
    arrange();
}

QString StatusStrip::text(const QString& id) const {
    for (const Item& item : items_) {
        if (item.id == id) return item.text;
    }
    return {};
}

void StatusStrip::arrange() {
    const QFontMetricsF metrics(textFont(Type::label));
    constexpr double gap = 16;
    double left = space::page, right = width() - space::page;
    for (Item& item : items_) item.box = {};
    // What stands at the right is placed from the right, last one first.
    for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
        if (item->side != Side::right || item->text.isEmpty()) continue;
        const double wide = metrics.horizontalAdvance(item->text) + 1 + (item->progress >= 0 ? 48 : 0);
        item->box = QRectF(right - wide, 0, wide, height());
        right -= wide + gap;
    }
    for (Item& item : items_) {
        if (item.side != Side::left || item.text.isEmpty()) continue;
        const double wide = std::min(metrics.horizontalAdvance(item.text) + 1 + (item.progress >= 0 ? 48 : 0), std::max(0.0, right - left));
        item.box = QRectF(left, 0, wide, height());
        left += wide + gap;
    }
    update();
}

const StatusStrip::Item* StatusStrip::itemAt(const QPointF& at) const {
    for (const Item& item : items_) {
        if (item.box.contains(at)) return &item;
    }
    return nullptr;
}

void StatusStrip::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), colour(Role::surface));
    painter.fillRect(QRect(0, 0, width(), 1), colour(Role::border));
    painter.setRenderHint(QPainter::Antialiasing);
    const QFont label = textFont(Type::label);
    const QFontMetricsF metrics(label);
    painter.setFont(label);
    for (const Item& item : items_) {
        if (item.box.isEmpty() || item.box.width() < 8) continue;
        QRectF box = item.box;
        if (item.progress >= 0) {
            const QRectF bar(box.left(), height() / 2.0 - 1, 40, 3);
            painter.setPen(Qt::NoPen);
            painter.setBrush(colour(Role::border));
            painter.drawRoundedRect(bar, 1.5, 1.5);
            painter.setBrush(colour(Role::accent));
            painter.drawRoundedRect(QRectF(bar.topLeft(), QSizeF(bar.width() * std::clamp(item.progress, 0.0, 1.0), 3)), 1.5, 1.5);
            box.setLeft(box.left() + 48);
        }
        painter.setPen(colour(item.clickable && item.id == hovered_ ? Role::text : item.ink));
        painter.drawText(box, Qt::AlignVCenter | Qt::AlignLeft, metrics.elidedText(item.text, Qt::ElideRight, box.width() + 1));
    }
}

void StatusStrip::resizeEvent(QResizeEvent*) { arrange(); }

void StatusStrip::mouseMoveEvent(QMouseEvent* event) {
    const Item* item = itemAt(event->position());
    const QString id = item && item->clickable ? item->id : QString();
    if (id == hovered_) return;
    hovered_ = id;
    setCursor(id.isEmpty() ? Qt::ArrowCursor : Qt::PointingHandCursor);
    update();
}

void StatusStrip::mouseReleaseEvent(QMouseEvent* event) {
    const Item* item = itemAt(event->position());
    if (item && item->clickable && event->button() == Qt::LeftButton) emit clicked(item->id);
}

void StatusStrip::leaveEvent(QEvent*) {
    hovered_.clear();
    update();
}

bool StatusStrip::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        const Item* item = itemAt(help->pos());
        QToolTip::showText(help->globalPos(), item ? item->tooltip : QString(), this);
        return true;
    }
    return QWidget::event(event);
}

}  // namespace pilotlight::widgets
