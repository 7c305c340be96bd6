#include "widgets/charts/tree_map.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "widgets/format.h"

namespace pilotlight::widgets {

std::vector<QRectF> squarified(const std::vector<double>& values, const QRectF& area) {
    std::vector<QRectF> boxes(values.size());
    const double total = std::accumulate(values.begin(), values.end(), 0.0);
    if (!(total > 0) || area.isEmpty()) return boxes;
    const double scale = area.width() * area.height() / total;
    QRectF rest = area;
    std::size_t begin = 0;
    while (begin < values.size()) {
        const double side = std::min(rest.width(), rest.height());
        // Grow the row while its worst aspect ratio gets better.
        double sum = 0, worst = INFINITY;
        std::size_t end = begin;
        while (end < values.size()) {
            const double next = sum + values[end] * scale;
            const double largest = values[begin] * scale, smallest = values[end] * scale;
            const double ratio = std::max(side * side * largest / (next * next), next * next / (side * side * std::max(smallest, 1e-12)));
            if (end > begin && ratio > worst) break;
            worst = ratio;
            sum = next;
            ++end;
        }
        const double thickness = sum / side;
        double at = 0;
        for (std::size_t i = begin; i < end; ++i) {
            const double length = values[i] * scale / thickness;
            boxes[i] = rest.width() >= rest.height() ? QRectF(rest.left(), rest.top() + at, thickness, length)
                                                     : QRectF(rest.left() + at, rest.top(), length, thickness);
            at += length;
        }
        if (rest.width() >= rest.height())
            rest.setLeft(rest.left() + thickness);
        else
            rest.setTop(rest.top() + thickness);
        begin = end;
    }
    return boxes;
}

TreeMap::TreeMap(QWidget* parent) : QWidget(parent), text_([](double v) { return format::moneyWhole(v); }) {
    setMouseTracking(true);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void TreeMap::setItems(std::vector<Item> items) {
    items.erase(std::remove_if(items.begin(), items.end(), [](const Item& item) { return !(item.value > 0); }), items.end());
    std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.value > b.value; });
    items_ = std::move(items);
    QStringList spoken;
    for (const Item& item : items_) spoken << item.name + QLatin1Char(' ') + text_(item.value);
    setAccessibleName(spoken.join(QLatin1String("; ")));
    arrange();
}

void TreeMap::setValueFormat(ValueText text) {
    text_ = std::move(text);
    update();
}

void TreeMap::setOpens(bool opens) { opens_ = opens; }

void TreeMap::arrange() {
    std::vector<double> values;
    for (const Item& item : items_) values.push_back(item.value);
    boxes_ = squarified(values, QRectF(rect()));
    hovered_ = -1;
    update();
}

int TreeMap::itemAt(const QPointF& at) const {
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
        if (boxes_[i].contains(at)) return static_cast<int>(i);
    }
    return -1;
}

void TreeMap::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QFont name_font = textFont(Type::label, 500), value_font = textFont(Type::caption);
    const QFontMetricsF name_metrics(name_font), value_metrics(value_font);
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
        const QRectF box(QPointF(std::round(boxes_[i].left()), std::round(boxes_[i].top())),
                         QPointF(std::round(boxes_[i].right()) - 1, std::round(boxes_[i].bottom()) - 1));
        if (box.width() < 1 || box.height() < 1) continue;
        const QColor ink = Theme::instance().series(items_[i].colour);
        // Text stands on a tint, never on the full colour, so that it keeps its contrast in both themes.
        const QColor fill = mixed(colour(Role::surface), ink, static_cast<int>(i) == hovered_ ? 0.36 : 0.26);
        painter.fillRect(box, fill);
        painter.fillRect(QRectF(box.left(), box.top(), 3, box.height()), ink);
        if (box.width() < 46 || box.height() < 20) continue;
        const QRectF text = box.adjusted(9, 4, -6, -4);
        painter.setFont(name_font);
        painter.setPen(colour(Role::text));
        painter.drawText(QRectF(text.left(), text.top(), text.width(), 16), Qt::AlignLeft | Qt::AlignVCenter,
                         name_metrics.elidedText(items_[i].name, Qt::ElideRight, text.width()));
        if (box.height() < 40) continue;
        painter.setFont(value_font);
        painter.drawText(QRectF(text.left(), text.top() + 17, text.width(), 15), Qt::AlignLeft | Qt::AlignVCenter,
                         value_metrics.elidedText(text_(items_[i].value), Qt::ElideRight, text.width()));
    }
}

void TreeMap::resizeEvent(QResizeEvent*) { arrange(); }

void TreeMap::mouseMoveEvent(QMouseEvent* event) {
    const int item = itemAt(event->position());
    if (item == hovered_) return;
    hovered_ = item;
    setCursor(item >= 0 && opens_ && !items_[static_cast<std::size_t>(item)].id.isEmpty() ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void TreeMap::mouseReleaseEvent(QMouseEvent* event) {
    const int item = itemAt(event->position());
    if (item < 0 || !opens_ || event->button() != Qt::LeftButton || items_[static_cast<std::size_t>(item)].id.isEmpty()) return;
    emit activated(items_[static_cast<std::size_t>(item)].id);
}

void TreeMap::leaveEvent(QEvent*) {
    hovered_ = -1;
    update();
}

bool TreeMap::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        const int item = itemAt(help->pos());
        QToolTip::showText(help->globalPos(),
                           item >= 0 ? items_[static_cast<std::size_t>(item)].name + QStringLiteral(": ") +
                                           text_(items_[static_cast<std::size_t>(item)].value)
                                     : QString(),
                           this);
        return true;
    }
    return QWidget::event(event);
}

}  // namespace pilotlight::widgets
