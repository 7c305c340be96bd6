#include "widgets/chip.h"

#include <QMouseEvent>
#include <QPainter>

namespace pilotlight::widgets {
namespace {
constexpr int kChipHeight = 20;
QString countText(int count) { return count > 99 ? QStringLiteral("99+") : QString::number(count); }
}  // namespace

QSizeF chipSize(const QString& text) { return {QFontMetricsF(textFont(Type::caption)).horizontalAdvance(text) + 12, kChipHeight}; }

void paintChip(QPainter& painter, const QRectF& rect, const QString& text, Role ink) {
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour(Role::raised));
    painter.drawRoundedRect(rect, 4, 4);
    painter.setFont(textFont(Type::caption));
    painter.setPen(colour(ink));
    painter.drawText(rect.adjusted(6, 0, -6, 0), Qt::AlignVCenter | Qt::AlignLeft | Qt::TextSingleLine,
                     QFontMetricsF(textFont(Type::caption)).elidedText(text, Qt::ElideRight, rect.width() - 11));
}

QSizeF badgeSize(int count) {
    return {std::max(20.0, QFontMetricsF(textFont(Type::caption, 500)).horizontalAdvance(countText(count)) + 12), 18};
}

void paintBadge(QPainter& painter, const QRectF& rect, int count, Role background) {
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour(background));
    painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2);
    painter.setFont(textFont(Type::caption, 500));
    painter.setPen(colour(Role::text));
    painter.drawText(rect, Qt::AlignCenter, countText(count));
}

Chip::Chip(const QString& text, Role ink, QWidget* parent) : QWidget(parent), text_(text), ink_(ink) {
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
    setAccessibleName(text);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void Chip::setText(const QString& text) {
    if (text == text_) return;
    text_ = text;
    setAccessibleName(text);
    updateGeometry();
    update();
}

void Chip::setInk(Role ink) {
    ink_ = ink;
    update();
}

void Chip::setRemovable(bool on) {
    removable_ = on;
    updateGeometry();
    update();
}

QSize Chip::sizeHint() const {
    const QSizeF size = chipSize(text_);
    return {static_cast<int>(std::ceil(size.width())) + (removable_ ? 16 : 0), kChipHeight};
}

QSize Chip::minimumSizeHint() const { return {std::min(sizeHint().width(), 72), kChipHeight}; }

void Chip::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintChip(painter, QRectF(rect()), removable_ ? QString() : text_, ink_);
    if (!removable_) return;
    painter.setFont(textFont(Type::caption));
    painter.setPen(colour(ink_));
    painter.drawText(rect().adjusted(6, 0, -18, 0), Qt::AlignVCenter | Qt::AlignLeft,
                     QFontMetrics(textFont(Type::caption)).elidedText(text_, Qt::ElideRight, width() - 23));
    painter.drawPixmap(QPointF(width() - 17, 5), iconPixmap(QStringLiteral("close"), Role::muted, 10, devicePixelRatioF()));
}

void Chip::mouseReleaseEvent(QMouseEvent* event) {
    if (!rect().contains(event->pos())) return;
    if (removable_ && event->pos().x() > width() - 20)
        emit removed();
    else
        emit clicked();
}

Chip* makeShortChip(const QString& text, Role ink, QWidget* parent) {
    constexpr int kLongest = 52;
    const QString head = text.section(QStringLiteral(": "), 0, 0);
    auto* chip = new Chip(text.size() > kLongest && head.size() < text.size() ? head : text, ink, parent);
    if (text.size() > kLongest) chip->setToolTip(text);
    return chip;
}

ChipFlow::ChipFlow(QWidget* parent) : QWidget(parent) {
    // Not Fixed: the hint is for another width than the one it gets.
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void ChipFlow::setChips(const QList<QPair<QString, Role>>& chips) {
    qDeleteAll(chips_);
    chips_.clear();
    for (const auto& [text, ink] : chips) {
        auto* chip = makeShortChip(text, ink, this);
        chip->setVisible(true);
        chips_.append(chip);
    }
    arrange(width(), true);
    updateGeometry();
}

int ChipFlow::arrange(int width, bool move) const {
    int x = 0, y = 0;
    for (Chip* chip : chips_) {
        const int wide = std::min(chip->sizeHint().width(), std::max(width, 1));
        if (x > 0 && x + wide > width) {
            x = 0;
            y += kChipHeight + space::xs;
        }
        if (move) chip->setGeometry(x, y, wide, kChipHeight);
        x += wide + space::s;
    }
    return chips_.isEmpty() ? 0 : y + kChipHeight;
}

int ChipFlow::heightForWidth(int width) const { return arrange(width, false); }
QSize ChipFlow::sizeHint() const { return {240, arrange(240, false)}; }
QSize ChipFlow::minimumSizeHint() const { return {80, kChipHeight}; }
void ChipFlow::resizeEvent(QResizeEvent*) { arrange(width(), true); }

Badge::Badge(int count, QWidget* parent) : QWidget(parent), count_(count) {
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setVisible(count != 0);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void Badge::setCount(int count) {
    count_ = count;
    setVisible(count != 0);
    setAccessibleName(QString::number(count));
    updateGeometry();
    update();
}

QSize Badge::sizeHint() const { return badgeSize(count_).toSize(); }

void Badge::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintBadge(painter, QRectF(rect()), count_, Role::raised);
}

}  // namespace pilotlight::widgets
