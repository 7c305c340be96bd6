#include "widgets/elided_label.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

namespace pilotlight::widgets {

ElidedLabel::ElidedLabel(const QString& text, Type type, Role ink, int weight, QWidget* parent) : QWidget(parent), text_(text), ink_(ink) {
    setFont(textFont(type, weight));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    setAccessibleName(text);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void ElidedLabel::setText(const QString& text) {
    if (text == text_) return;
    text_ = text;
    setAccessibleName(text);
    updateGeometry();
    update();
}

void ElidedLabel::setInk(Role ink) {
    ink_ = ink;
    update();
}

void ElidedLabel::setAlignment(Qt::Alignment alignment) {
    alignment_ = alignment;
    update();
}

void ElidedLabel::setElideMode(Qt::TextElideMode mode) {
    mode_ = mode;
    update();
}

void ElidedLabel::setFontOverride(const QFont& font) {
    setFont(font);
    updateGeometry();
}

QSize ElidedLabel::sizeHint() const { return {fontMetrics().horizontalAdvance(text_) + 1, fontMetrics().height()}; }

QSize ElidedLabel::minimumSizeHint() const { return {std::min(fontMetrics().horizontalAdvance(text_) + 1, 24), fontMetrics().height()}; }

void ElidedLabel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setPen(colour(isEnabled() ? ink_ : Role::faint));
    painter.drawText(rect(), static_cast<int>(alignment_) | Qt::TextSingleLine, fontMetrics().elidedText(text_, mode_, width()));
}

bool ElidedLabel::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip && toolTip().isEmpty() && fontMetrics().horizontalAdvance(text_) > width()) {
        QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(), text_, this);
        return true;
    }
    return QWidget::event(event);
}

}  // namespace pilotlight::widgets
