#include "widgets/status_strip.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

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
    constexpr double gap = 16, least = 60;
    std::vector<double> wide(items_.size(), 0);
    double total = 0;
    for (std::size_t i = 0; i < items_.size(); ++i) {
        items_[i].box = {};
        if (items_[i].text.isEmpty()) continue;
        wide[i] = std::ceil(metrics.horizontalAdvance(items_[i].text)) + 1 + (items_[i].progress >= 0 ? 48 : 0);
        total += wide[i] + gap;
    }
    // What does not fit is taken from the longest: a short fact is worth more than the end of a long sentence.
    double over = total - (width() - 2 * space::page);
    while (over > 0) {
        const auto longest = std::max_element(wide.begin(), wide.end());
        if (longest == wide.end() || *longest <= least) break;
        double second = least;
        for (auto at = wide.begin(); at != wide.end(); ++at) {
            if (at != longest) second = std::max(second, *at);
        }
        const double cut = std::min(over, std::max(*longest - second, 1.0));
        *longest -= cut;
        over -= cut;
    }
    double left = space::page, right = width() - space::page;
    for (std::size_t i = items_.size(); i-- > 0;) {  // from the right end, last one first
        if (items_[i].side != Side::right || wide[i] <= 0) continue;
        items_[i].box = QRectF(right - wide[i], 0, wide[i], height());
        right -= wide[i] + gap;
    }
    for (std::size_t i = 0; i < items_.size(); ++i) {
        if (items_[i].side != Side::left || wide[i] <= 0) continue;
        items_[i].box = QRectF(left, 0, wide[i], height());
        left += wide[i] + gap;
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
        QString tip = item ? item->tooltip : QString();
        if (item && tip.isEmpty() && QFontMetricsF(textFont(Type::label)).horizontalAdvance(item->text) > item->box.width())
            tip = item->text;
        QToolTip::showText(help->globalPos(), tip, this);
        return true;
    }
    return QWidget::event(event);
}

}  // namespace pilotlight::widgets
