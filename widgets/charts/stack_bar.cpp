#include "widgets/charts/stack_bar.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "widgets/format.h"
#include "widgets/table_delegates.h"

namespace pilotlight::widgets {
namespace {
constexpr int kGap = 6, kLegendLine = 20;
double usable(double v) { return std::isfinite(v) && v > 0 ? v : 0; }
}  // namespace

StackBar::StackBar(QWidget* parent) : QWidget(parent), text_([](double v) { return format::significant(v, 3); }) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, [this] { arrange(); });
}

void StackBar::setParts(std::vector<Part> parts) {
    parts_ = std::move(parts);
    arrange();
    updateGeometry();
}

void StackBar::setRows(std::vector<Row> rows) {
    const bool resized = rows.size() != rows_.size();
    rows_ = std::move(rows);
    arrange();
    if (resized) updateGeometry();
}

void StackBar::setValueFormat(ValueText text) {
    text_ = std::move(text);
    arrange();
}

void StackBar::setBarHeight(int pixels) {
    bar_height_ = pixels;
    arrange();
    updateGeometry();
}

void StackBar::setLegend(bool on) {
    legend_ = on;
    arrange();
    updateGeometry();
}

void StackBar::setCommonScale(bool on) {
    common_scale_ = on;
    arrange();
}

int StackBar::legendLines(double width) const {
    const QFontMetricsF metrics(textFont(Type::caption));
    double x = 0;
    int lines = parts_.empty() ? 0 : 1;
    for (const Part& part : parts_) {
        const double wide = metrics.horizontalAdvance(part.name) + 14 + 16;
        if (x > 0 && x + wide - 16 > width) {
            x = 0;
            ++lines;
        }
        x += wide;
    }
    return lines;
}

QSize StackBar::sizeHint() const {
    const int rows = static_cast<int>(rows_.size());
    int height = rows * bar_height_ + std::max(0, rows - 1) * kGap;
    if (legend_) height += 8 + legendLines(std::max(width(), 200)) * kLegendLine;
    return {240, std::max(height, bar_height_)};
}

QSize StackBar::minimumSizeHint() const { return {120, sizeHint().height()}; }

void StackBar::arrange() {
    boxes_.clear();
    legend_boxes_.clear();
    const QFontMetricsF metrics(textFont(Type::caption));
    double label_width = 0, total_width = 0, greatest = 0;
    for (const Row& row : rows_) {
        if (!row.label.isEmpty()) label_width = std::max(label_width, metrics.horizontalAdvance(row.label) + 8);
        if (!row.total.isEmpty()) total_width = std::max(total_width, metrics.horizontalAdvance(row.total) + 8);
        double sum = 0;
        for (const double v : row.values) sum += usable(v);
        greatest = std::max(greatest, sum);
    }
    const double room = std::max(10.0, width() - label_width - total_width);
    double y = 0;
    for (const Row& row : rows_) {
        double sum = 0;
        for (const double v : row.values) sum += usable(v);
        const double scale = (common_scale_ ? greatest : sum) > 0 ? room / (common_scale_ ? greatest : sum) : 0;
        double x = label_width, exact = label_width;
        for (std::size_t p = 0; p < parts_.size() && p < row.values.size(); ++p) {
            const double value = usable(row.values[p]);
            exact += value * scale;
            const double right = std::round(exact);
            if (value > 0 && right > x) {
                const Part& part = parts_[p];
                const QColor base = part.role ? colour(*part.role) : Theme::instance().series(part.colour);
                QString tip = part.name + QStringLiteral(": ") + text_(value);
                if (sum > 0) tip += QStringLiteral(" (") + format::percent(value / sum, 0) + QLatin1Char(')');
                // A gap of surface between parts, unless a part is too narrow to give a pixel away.
                boxes_.push_back({QRectF(x, y, right - x - (right - x > 2 ? 1 : 0), bar_height_),
                                  mixed(colour(Role::surface), base, part.opacity), tip});
                x = right;
            }
        }
        y += bar_height_ + kGap;
    }
    if (legend_) {
        double lx = label_width, ly = y + 2;
        for (std::size_t p = 0; p < parts_.size(); ++p) {
            const double wide = metrics.horizontalAdvance(parts_[p].name) + 14;
            if (lx > label_width && lx + wide > width()) {
                lx = label_width;
                ly += kLegendLine;
            }
            legend_boxes_.emplace_back(QRectF(lx, ly, wide, kLegendLine), p);
            lx += wide + 16;
        }
    }
    QStringList spoken;
    for (const Box& box : boxes_) spoken << box.tip;
    setAccessibleDescription(spoken.join(QLatin1String("; ")));
    update();
}

void StackBar::resizeEvent(QResizeEvent*) { arrange(); }

void StackBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QFont caption = textFont(Type::caption);
    painter.setFont(caption);
    const double radius = std::min(3.0, bar_height_ / 4.0);
    painter.setPen(Qt::NoPen);
    for (const Box& box : boxes_) {
        painter.setBrush(box.ink);
        if (box.rect.width() < 5)
            painter.fillRect(box.rect, box.ink);
        else
            painter.drawRoundedRect(box.rect, radius, radius);
    }
    double y = 0;
    std::size_t next = 0;
    for (const Row& row : rows_) {
        double right = 0;
        while (next < boxes_.size() && boxes_[next].rect.top() < y + bar_height_) right = std::max(right, boxes_[next++].rect.right());
        if (!row.label.isEmpty()) {
            painter.setPen(colour(Role::muted));
            const double label_width = boxes_.empty() ? 60 : boxes_.front().rect.left() - 6;
            painter.drawText(QRectF(0, y, label_width, bar_height_), Qt::AlignRight | Qt::AlignVCenter, row.label);
        }
        if (!row.total.isEmpty()) {
            painter.setPen(colour(Role::text));
            painter.drawText(QRectF(right + 6, y, width() - right - 6, bar_height_), Qt::AlignLeft | Qt::AlignVCenter, row.total);
        }
        y += bar_height_ + kGap;
    }
    for (const auto& [box, p] : legend_boxes_) {
        const Part& part = parts_[p];
        painter.setPen(Qt::NoPen);
        painter.setBrush(
            mixed(colour(Role::surface), part.role ? colour(*part.role) : Theme::instance().series(part.colour), part.opacity));
        painter.drawRoundedRect(QRectF(box.left(), box.center().y() - 4, 8, 8), 2, 2);
        painter.setPen(colour(Role::muted));
        painter.drawText(box.adjusted(14, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, part.name);
    }
}

bool StackBar::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        QString tip;
        for (const Box& box : boxes_) {
            if (box.rect.adjusted(0, -2, 1, 2).contains(help->pos())) tip = box.tip;
        }
        QToolTip::showText(help->globalPos(), tip, this);
        return true;
    }
    return QWidget::event(event);
}

QString StackBar::toCsv() const {
    QString out = QStringLiteral("row,part,value\r\n");
    for (const Row& row : rows_) {
        for (std::size_t p = 0; p < parts_.size() && p < row.values.size(); ++p) {
            out += csvField(row.label) + QLatin1Char(',') + csvField(parts_[p].name) + QLatin1Char(',') +
                   QString::number(row.values[p], 'g', 15) + QLatin1String("\r\n");
        }
    }
    return out;
}

}  // namespace pilotlight::widgets
