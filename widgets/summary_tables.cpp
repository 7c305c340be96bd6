#include "widgets/summary_tables.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace pilotlight::widgets {
namespace {

constexpr int kLine = 21;  // a line of a list

void drawText(QPainter& painter, const QRectF& box, Qt::Alignment alignment, const QString& text, const QFont& font, const QColor& ink) {
    painter.setFont(font);
    painter.setPen(ink);
    painter.drawText(box, static_cast<int>(alignment | Qt::AlignVCenter) | Qt::TextSingleLine,
                     QFontMetricsF(font).elidedText(text, Qt::ElideRight, box.width()));
}

void rule(QPainter& painter, double y, double width) { painter.fillRect(QRectF(0, y, width, 1), colour(Role::border)); }

double widest(const std::vector<QString>& texts, const QFont& font) {
    double wide = 0;
    const QFontMetricsF metrics(font);
    for (const QString& text : texts) wide = std::max(wide, metrics.horizontalAdvance(text));
    return std::ceil(wide);
}

}  // namespace

KeyValueTable::KeyValueTable(QWidget* parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void KeyValueTable::setRows(std::vector<Row> rows) {
    rows_ = std::move(rows);
    QStringList spoken;
    for (const Row& row : rows_) spoken << row.key + QLatin1String(": ") + row.value;
    setAccessibleName(spoken.join(QLatin1String("; ")));
    updateGeometry();
    update();
}

QSize KeyValueTable::sizeHint() const { return {260, kRowHeight * static_cast<int>(rows_.size())}; }
QSize KeyValueTable::minimumSizeHint() const { return {120, kRowHeight * static_cast<int>(rows_.size())}; }

void KeyValueTable::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    double y = 0;
    for (const Row& row : rows_) {
        const QFont value_font = textFont(Type::body, row.weight);
        const double wide = std::min(QFontMetricsF(value_font).horizontalAdvance(row.value) + 1, width() * 0.75);
        drawText(painter, QRectF(0, y, width() - wide - 12, kRowHeight - 1), Qt::AlignLeft, row.key, textFont(Type::body),
                 colour(Role::muted));
        drawText(painter, QRectF(width() - wide, y, wide, kRowHeight - 1), Qt::AlignRight, row.value, value_font, colour(row.ink));
        y += kRowHeight;
        rule(painter, y - 1, width());
    }
}

bool KeyValueTable::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        const auto row = static_cast<std::size_t>(help->pos().y() / kRowHeight);
        QToolTip::showText(help->globalPos(), row < rows_.size() ? rows_[row].tooltip : QString(), this);
        return true;
    }
    return QWidget::event(event);
}

CompareTable::CompareTable(Layout layout, QWidget* parent) : QWidget(parent), layout_(layout) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void CompareTable::setHeaders(const QString& name, const QString& before, const QString& after) {
    name_header_ = name;
    before_header_ = before;
    after_header_ = after;
    update();
}

void CompareTable::setRows(std::vector<Row> rows) {
    rows_ = std::move(rows);
    QStringList spoken;
    for (const Row& row : rows_)
        spoken << QStringLiteral("%1: %2 %3, %4 %5").arg(row.name, before_header_, row.before, after_header_, row.after);
    setAccessibleName(spoken.join(QLatin1String("; ")));
    updateGeometry();
    update();
}

void CompareTable::setEmphasis(bool after_is_bold) {
    bold_ = after_is_bold;
    update();
}

QSize CompareTable::sizeHint() const { return {300, kRowHeight * static_cast<int>(rows_.size() + 1)}; }
QSize CompareTable::minimumSizeHint() const { return {180, kRowHeight * static_cast<int>(rows_.size() + 1)}; }

void CompareTable::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QFont body = textFont(Type::body), bold = textFont(Type::body, bold_ ? 600 : 400), label = textFont(Type::label);
    std::vector<QString> before{before_header_}, after{after_header_};
    for (const Row& row : rows_) {
        before.push_back(row.before);
        after.push_back(row.after);
    }
    const double gap = 16;
    QRectF name_box, before_box, after_box;
    if (layout_ == Layout::columns) {
        const double after_width = std::clamp(widest(after, bold) + 2, 56.0, width() * 0.4);
        const double before_width = std::clamp(widest(before, body) + 2, 56.0, width() * 0.34);
        after_box = QRectF(width() - after_width, 0, after_width, kRowHeight - 1);
        before_box = QRectF(after_box.left() - gap - before_width, 0, before_width, kRowHeight - 1);
        name_box = QRectF(0, 0, before_box.left() - gap, kRowHeight - 1);
    } else {
        const double middle = width() * 0.415;
        before_box = QRectF(width() * 0.24, 0, middle - width() * 0.24, kRowHeight - 1);
        name_box = QRectF(0, 0, before_box.left() - gap, kRowHeight - 1);
        after_box = QRectF(middle + 56, 0, width() - middle - 56, kRowHeight - 1);
    }
    const Qt::Alignment after_side = layout_ == Layout::columns ? Qt::AlignRight : Qt::AlignLeft;
    drawText(painter, name_box, Qt::AlignLeft, name_header_, label, colour(Role::muted));
    drawText(painter, before_box, Qt::AlignRight, before_header_, label, colour(Role::muted));
    drawText(painter, after_box, after_side, after_header_, label, colour(Role::muted));
    double y = kRowHeight;
    rule(painter, y - 1, width());
    for (const Row& row : rows_) {
        drawText(painter, name_box.translated(0, y), Qt::AlignLeft, row.name, body, colour(Role::text));
        drawText(painter, before_box.translated(0, y), Qt::AlignRight, row.before, body, colour(Role::muted));
        const QFont& after_font = row.changed ? bold : body;
        drawText(painter, after_box.translated(0, y), after_side, row.after, after_font, colour(row.changed ? row.after_ink : Role::muted));
        if (layout_ == Layout::arrow) {
            const QPixmap arrow = iconPixmap(QStringLiteral("arrow-right"), Role::muted, 12, devicePixelRatioF());
            painter.drawPixmap(QPointF(before_box.right() + 22, y + (kRowHeight - 13) / 2.0), arrow);
            const double used = QFontMetricsF(after_font).horizontalAdvance(row.after) + 8;
            if (!row.note.isEmpty() && used < after_box.width() - 20) {
                drawText(painter, after_box.translated(0, y).adjusted(used, 0, 0, 0), Qt::AlignLeft, row.note, body, colour(Role::muted));
            }
        }
        y += kRowHeight;
        rule(painter, y - 1, width());
    }
}

GuardrailList::GuardrailList(QWidget* parent) : QWidget(parent) {
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void GuardrailList::setItems(std::vector<Item> items) {
    items_ = std::move(items);
    QStringList spoken;
    for (const Item& item : items_) {
        static constexpr const char* words[] = {"passes", "vetoes", "caution", "overridden", "unknown"};
        spoken << QLatin1String(words[static_cast<int>(item.verdict)]) + QLatin1String(": ") + item.text;
    }
    setAccessibleName(spoken.join(QLatin1String("; ")));
    updateGeometry();
    update();
}

int GuardrailList::rowHeight(const Item& item, int width) const {
    const QRect bounds =
        QFontMetrics(textFont(Type::body)).boundingRect(QRect(0, 0, std::max(width - 22, 40), 1000), Qt::TextWordWrap, item.text);
    return std::max(kLine, bounds.height() + 6);
}

int GuardrailList::heightForWidth(int width) const {
    int height = 0;
    for (const Item& item : items_) height += rowHeight(item, width);
    return height;
}

QSize GuardrailList::sizeHint() const { return {300, heightForWidth(300)}; }
QSize GuardrailList::minimumSizeHint() const { return {120, items_.empty() ? 0 : kLine}; }

void GuardrailList::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    int y = 0;
    for (const Item& item : items_) {
        QString name;
        Role role = Role::muted;
        switch (item.verdict) {
            case Verdict::pass:
                name = QStringLiteral("check"), role = Role::good;
                break;
            case Verdict::veto:
                name = QStringLiteral("cross"), role = Role::bad;
                break;
            case Verdict::caution:
                name = QStringLiteral("warning"), role = Role::caution;
                break;
            case Verdict::overridden:
                name = QStringLiteral("warning"), role = Role::caution;
                break;
            case Verdict::unknown:
                name = QStringLiteral("info"), role = Role::muted;
                break;
        }
        const int height = rowHeight(item, width());
        painter.drawPixmap(QPointF(0, y + (kLine - 14) / 2.0), iconPixmap(name, role, 14, devicePixelRatioF()));
        painter.setFont(textFont(Type::body));
        painter.setPen(colour(item.verdict == Verdict::pass ? Role::muted : Role::text));
        painter.drawText(QRect(22, y + 3, width() - 22, height), Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, item.text);
        y += height;
    }
}

DotList::DotList(bool rules, QWidget* parent) : QWidget(parent), rules_(rules) {
    setMouseTracking(true);
    setFocusPolicy(Qt::TabFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void DotList::setItems(std::vector<Item> items) {
    items_ = std::move(items);
    current_ = -1;
    QStringList spoken;
    for (const Item& item : items_) spoken << item.text + QLatin1Char(' ') + item.aside;
    setAccessibleName(spoken.join(QLatin1String("; ")));
    updateGeometry();
    update();
}

QSize DotList::sizeHint() const { return {300, static_cast<int>(items_.size()) * (rules_ ? kRowHeight : kLine)}; }
QSize DotList::minimumSizeHint() const { return {140, sizeHint().height()}; }

int DotList::rowAt(int y) const {
    const int row = y / (rules_ ? kRowHeight : kLine);
    return row >= 0 && row < static_cast<int>(items_.size()) && !items_[static_cast<std::size_t>(row)].id.isEmpty() ? row : -1;
}

void DotList::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const int step = rules_ ? kRowHeight : kLine;
    int y = 0;
    for (std::size_t i = 0; i < items_.size(); ++i, y += step) {
        const Item& item = items_[i];
        if (static_cast<int>(i) == current_) {
            painter.setPen(hasFocus() ? QPen(colour(Role::accent)) : QPen(Qt::NoPen));
            painter.setBrush(mixed(colour(Role::surface), colour(Role::raised), 0.8));
            painter.drawRoundedRect(QRectF(-0.5, y + 0.5, width(), step - 2), 4, 4);
        }
        painter.setPen(Qt::NoPen);
        painter.setBrush(colour(item.role));
        painter.drawEllipse(QPointF(6, y + step / 2.0 - 0.5), 4.5, 4.5);
        const QFont body = textFont(Type::body);
        const double aside = item.aside.isEmpty() ? 0 : QFontMetricsF(body).horizontalAdvance(item.aside) + 2;
        drawText(painter, QRectF(17, y, width() - 17 - aside - 10, step - 1), Qt::AlignLeft, item.text, body, colour(Role::text));
        if (aside > 0)
            drawText(painter, QRectF(width() - aside, y, aside, step - 1), Qt::AlignRight, item.aside, body, colour(Role::muted));
        if (rules_) rule(painter, y + step - 1, width());
    }
}

void DotList::mouseMoveEvent(QMouseEvent* event) {
    const int row = rowAt(event->pos().y());
    if (row == current_) return;
    current_ = row;
    setCursor(row >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void DotList::mouseReleaseEvent(QMouseEvent* event) {
    const int row = rowAt(event->pos().y());
    if (row >= 0 && event->button() == Qt::LeftButton) emit activated(items_[static_cast<std::size_t>(row)].id);
}

void DotList::leaveEvent(QEvent*) {
    current_ = -1;
    update();
}

void DotList::keyPressEvent(QKeyEvent* event) {
    const int last = static_cast<int>(items_.size()) - 1;
    if (event->key() == Qt::Key_Down)
        current_ = std::min(current_ + 1, last);
    else if (event->key() == Qt::Key_Up)
        current_ = std::max(current_ - 1, 0);
    else if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Space) && current_ >= 0)
        emit activated(items_[static_cast<std::size_t>(current_)].id);
    else {
        QWidget::keyPressEvent(event);
        return;
    }
    update();
}

void DotList::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    if (current_ < 0 && !items_.empty()) current_ = 0;
    update();
}

void DotList::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    current_ = -1;
    update();
}

}  // namespace pilotlight::widgets
