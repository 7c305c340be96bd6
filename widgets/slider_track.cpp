#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <cmath>

#include "widgets/setting_slider.h"
#include "widgets/theme.h"

namespace pilotlight::widgets {
namespace {
int nextGesture() {
    static int gesture = 0;
    return ++gesture;
}
}  // namespace

SliderTrack::SliderTrack(SettingSlider* owner) : QWidget(owner), owner_(owner) {
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setCursor(Qt::PointingHandCursor);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

double SliderTrack::xOf(double value) const {
    const double margin = handleRadius() + 1;
    return margin + owner_->map_.position(value) * (width() - 2 * margin);
}

double SliderTrack::valueAtX(double x) const {
    const double margin = handleRadius() + 1;
    return owner_->map_.valueAt((x - margin) / std::max(1.0, width() - 2 * margin));
}

void SliderTrack::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool on = isEnabled();
    const double y = height() / 2.0, x = xOf(owner_->value_);
    const double left = xOf(owner_->map_.lo()), right = xOf(owner_->map_.hi());
    painter.setPen(Qt::NoPen);
    painter.setBrush(mixed(colour(Role::raised), colour(Role::border), 0.6));
    painter.drawRoundedRect(QRectF(left, y - 2, right - left, 4), 2, 2);
    painter.setBrush(colour(on ? Role::accent : Role::faint));
    painter.drawRoundedRect(QRectF(left, y - 2, x - left, 4), 2, 2);
    const auto tick = [&](std::optional<double> value, Role role) {
        if (!value) return;
        const double at = std::round(xOf(*value)) - 1;
        painter.setBrush(colour(Role::surface));  // a gap on each side keeps the tick readable on the filled part
        painter.drawRect(QRectF(at - 1, y - 6, 4, 12));
        painter.setBrush(colour(role));
        painter.drawRect(QRectF(at, y - 6, 2, 12));
    };
    tick(owner_->today_, Role::muted);
    tick(owner_->recommended_, Role::good);
    const double radius = handleRadius();
    if (hasFocus()) {
        painter.setPen(QPen(mixed(colour(Role::surface), colour(Role::accent), 0.55), 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(QPointF(x, y), radius + 1.5, radius + 1.5);
    }
    painter.setPen(QPen(colour(on ? Role::accent : Role::faint), 3));
    painter.setBrush(hovered_ || dragging_ ? mixed(colour(Role::accent), QColor(Qt::white), 0.92) : QColor(Qt::white));
    if (!on) painter.setBrush(colour(Role::raised));
    painter.drawEllipse(QPointF(x, y), radius - 1.5, radius - 1.5);
}

void SliderTrack::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    dragging_ = true;
    gesture_ = nextGesture();
    before_ = owner_->value_;
    // Pressing the handle itself must not move it by the hand's imprecision.
    if (std::abs(event->position().x() - xOf(owner_->value_)) > handleRadius()) owner_->applyValue(valueAtX(event->position().x()));
    update();
}

void SliderTrack::mouseMoveEvent(QMouseEvent* event) {
    if (dragging_) owner_->applyValue(valueAtX(event->position().x()));
}

void SliderTrack::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !dragging_) return;
    dragging_ = false;
    if (owner_->value_ != before_) owner_->finish(before_, gesture_);
    update();
}

void SliderTrack::mouseDoubleClickEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !owner_->today_) return;
    // Same gesture as the first click, which may have moved the handle: one undo step leads back to before both.
    const double before = owner_->value_;
    owner_->applyValue(*owner_->today_);
    if (owner_->value_ != before) owner_->finish(before, gesture_);
}

void SliderTrack::step(int count, bool autorepeat) {
    if (!autorepeat) gesture_ = nextGesture();
    const double before = owner_->value_;
    owner_->applyValue(owner_->map_.stepped(before, count));
    if (owner_->value_ != before) owner_->finish(before, gesture_);
}

void SliderTrack::keyPressEvent(QKeyEvent* event) {
    const int many = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
    const auto jump = [&](double value) {
        const double before = owner_->value_;
        owner_->applyValue(value);
        if (owner_->value_ != before) owner_->finish(before, nextGesture());
    };
    switch (event->key()) {
        case Qt::Key_Right:
        case Qt::Key_Up:
            step(many, event->isAutoRepeat());
            return;
        case Qt::Key_Left:
        case Qt::Key_Down:
            step(-many, event->isAutoRepeat());
            return;
        case Qt::Key_PageUp:
            step(10, event->isAutoRepeat());
            return;
        case Qt::Key_PageDown:
            step(-10, event->isAutoRepeat());
            return;
        case Qt::Key_Home:
            jump(owner_->map_.lo());
            return;
        case Qt::Key_End:
            jump(owner_->map_.hi());
            return;
        case Qt::Key_Backspace:
            if (owner_->today_) jump(*owner_->today_);
            return;
        default:
            QWidget::keyPressEvent(event);
    }
}

void SliderTrack::keyReleaseEvent(QKeyEvent* event) { QWidget::keyReleaseEvent(event); }

void SliderTrack::wheelEvent(QWheelEvent* event) {
    if (!hasFocus() || !isEnabled()) {
        event->ignore();  // the page scrolls
        return;
    }
    wheel_ += event->angleDelta().y() != 0 ? event->angleDelta().y() : event->angleDelta().x();
    const int steps = wheel_ / 120;
    wheel_ -= steps * 120;
    if (steps != 0) step(steps * (event->modifiers() & Qt::ShiftModifier ? 10 : 1), false);
    event->accept();
}

void SliderTrack::focusInEvent(QFocusEvent*) { update(); }
void SliderTrack::focusOutEvent(QFocusEvent*) { update(); }
void SliderTrack::enterEvent(QEnterEvent*) {
    hovered_ = true;
    update();
}
void SliderTrack::leaveEvent(QEvent*) {
    hovered_ = false;
    update();
}

}  // namespace pilotlight::widgets
