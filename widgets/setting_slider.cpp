#include "widgets/setting_slider.h"

#include <QAccessible>
#include <QEvent>
#include <QGridLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPointer>
#include <QStyle>
#include <QUndoCommand>
#include <QUndoStack>
#include <cmath>

#include "widgets/elided_label.h"
#include "widgets/format.h"
#include "widgets/theme.h"

namespace pilotlight::widgets {

// One gesture on one slider. Commands of the same gesture merge (auto-repeat of a key, the two halves of a double-click).
class SliderCommand final : public QUndoCommand {
public:
    SliderCommand(SettingSlider* slider, double before, double after, int gesture)
        : slider_(slider), before_(before), after_(after), gesture_(gesture) {
        setText(QObject::tr("%1 to %2").arg(slider->name(), slider->formatted(after)));
    }
    void undo() override { go(before_); }
    void redo() override {
        if (first_)
            first_ = false;  // the gesture has shown it already
        else
            go(after_);
    }
    [[nodiscard]] int id() const override { return 0x511D; }
    bool mergeWith(const QUndoCommand* other) override {
        const auto* next = static_cast<const SliderCommand*>(other);
        if (next->slider_ != slider_ || next->gesture_ != gesture_) return false;
        after_ = next->after_;
        setText(next->text());
        setObsolete(before_ == after_);
        return true;
    }

private:
    void go(double value) {
        if (!slider_) return;
        slider_->applyValue(value);
        emit slider_->committed(value);
    }
    QPointer<SettingSlider> slider_;
    double before_, after_;
    int gesture_;
    bool first_ = true;
};

SettingSlider::SettingSlider(const QString& name, const QString& unit_word, QWidget* parent)
    : QWidget(parent),
      name_(name),
      formatter_([](double value) { return format::significant(value, 6); }),
      parser_([](const QString& text) { return format::parseNumber(text); }),
      name_label_(new ElidedLabel(name, Type::body, Role::text, 400, this)),
      unit_label_(new ElidedLabel(unit_word, Type::label, Role::muted, 400, this)),
      lo_label_(new ElidedLabel({}, Type::caption, Role::muted, 400, this)),
      hi_label_(new ElidedLabel({}, Type::caption, Role::muted, 400, this)),
      box_(new QLineEdit(this)),
      track_(new SliderTrack(this)) {
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(6);
    grid->setVerticalSpacing(0);
    name_label_->setSizePolicy(QSizePolicy::Minimum, QSizePolicy::Fixed);
    grid->addWidget(name_label_, 0, 0);
    grid->addWidget(unit_label_, 0, 1);
    grid->addWidget(box_, 0, 2, Qt::AlignRight);
    grid->setColumnStretch(1, 1);
    grid->addWidget(track_, 1, 0, 1, 3);
    grid->addWidget(lo_label_, 2, 0, 1, 2);
    grid->addWidget(hi_label_, 2, 2);
    grid->setRowMinimumHeight(0, 24);
    hi_label_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    unit_label_->setElideMode(Qt::ElideRight);
    box_->setProperty("compact", true);
    box_->setAlignment(Qt::AlignRight);
    box_->setMinimumWidth(56);
    box_->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    box_->setAccessibleName(tr("%1, value").arg(name));
    track_->setAccessibleName(name);
    setAccessibleName(name);
    setFocusProxy(track_);
    box_->installEventFilter(this);
    connect(box_, &QLineEdit::textEdited, this, [this](const QString& text) {
        const auto value = typedValue(text);
        box_->setProperty("validity", value ? "good" : "bad");
        box_->style()->polish(box_);
        box_->setToolTip(value ? QString()
                               : tr("%1 is between %2 and %3. Enter takes the value, Esc keeps the old one.")
                                     .arg(name_, formatted(map_.lo()), formatted(map_.hi())));
    });
    connect(box_, &QLineEdit::editingFinished, this, &SettingSlider::readBox);
    showValue();
}

// The box loses its focus while it is destroyed, and would report editingFinished to what is no slider any more.
SettingSlider::~SettingSlider() {
    box_->removeEventFilter(this);
    box_->disconnect(this);
}

void SettingSlider::setMap(const ValueMap& map) {
    map_ = map;
    value_ = map_.snapped(value_);
    showValue();
}

void SettingSlider::setFormat(Formatter formatter, Parser parser) {
    if (formatter) formatter_ = std::move(formatter);
    if (parser) parser_ = std::move(parser);
    showValue();
}

void SettingSlider::setUnitWord(const QString& text) { unit_label_->setText(text); }

void SettingSlider::setValueText(const QString& text) {
    value_text_ = text;
    showValue();
}

void SettingSlider::setEndTexts(const QString& lo, const QString& hi) {
    custom_ends_ = true;
    lo_label_->setText(lo);
    hi_label_->setText(hi);
}

void SettingSlider::setToday(std::optional<double> value) {
    today_ = value;
    track_->setToolTip(value ? tr("Today: %1. Double-click returns to it.").arg(formatted(*value)) : QString());
    track_->update();
}

void SettingSlider::setRecommended(std::optional<double> value) {
    recommended_ = value;
    track_->update();
}

void SettingSlider::setValue(double value) {
    if (!(typed_step_ > 0 && std::abs(value - std::round(value / typed_step_) * typed_step_) < 1e-9 && value >= map_.lo() &&
          value <= map_.hi())) {
        value = map_.snapped(value);
    }
    value_ = value;
    showValue();
}

void SettingSlider::change(double value) {
    const double before = value_;
    applyValue(value);
    static int programmatic = -1;
    if (value_ != before) finish(before, --programmatic);
}

void SettingSlider::setDisabledReason(const QString& reason) {
    setEnabled(reason.isEmpty());
    setToolTip(reason);
    track_->setToolTip(reason);
    box_->setToolTip(reason);
    setAccessibleDescription(reason);
    if (reason.isEmpty()) setToday(today_);
}

void SettingSlider::applyValue(double value) {
    const double before = value_;
    setValue(value);
    if (value_ != before) emit valueChanged(value_);
}

void SettingSlider::finish(double before, int gesture) {
    if (before != value_ && undo_) undo_->push(new SliderCommand(this, before, value_, gesture));
    emit committed(value_);
}

QString SettingSlider::formatted(double value) const { return formatter_(value); }

void SettingSlider::showValue() {
    const QString text = value_text_.isEmpty() ? formatted(value_) : value_text_;
    if (!box_->hasFocus() || !box_->isModified()) {
        box_->setText(text);
        box_->setModified(false);
        box_->setProperty("validity", {});
        box_->style()->polish(box_);
    }
    // Wide enough for both ends, so that the box does not jump while the handle moves.
    const QFontMetrics metrics(font());
    int wide = 0;
    for (const QString& sample : {text, formatted(map_.lo()), formatted(map_.hi())})
        wide = std::max(wide, metrics.horizontalAdvance(sample));
    box_->setFixedWidth(std::clamp(wide + 24, 56, 200));
    if (!custom_ends_) {
        lo_label_->setText(formatted(map_.lo()));
        hi_label_->setText(formatted(map_.hi()));
    }
    track_->setAccessibleDescription(text);
    if (QAccessible::isActive()) {
        QAccessibleValueChangeEvent event(track_, value_);
        QAccessible::updateAccessibility(&event);
    }
    track_->update();
}

bool SettingSlider::eventFilter(QObject* watched, QEvent* event) {
    if (watched == box_ && event->type() == QEvent::KeyPress && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        box_->setModified(false);
        box_->setToolTip({});
        showValue();
        track_->setFocus();
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

std::optional<double> SettingSlider::typedValue(const QString& text) const {
    const auto value = parser_(text);
    if (!value || *value < map_.lo() || *value > map_.hi()) return std::nullopt;
    if (typed_step_ > 0) return std::clamp(std::round(*value / typed_step_) * typed_step_, map_.lo(), map_.hi());
    return map_.snapped(*value);
}

void SettingSlider::readBox() {
    if (!box_->isModified()) return;
    const auto value = typedValue(box_->text());
    box_->setModified(false);
    box_->setToolTip({});
    if (!value || *value == value_) {
        showValue();
        return;
    }
    const double before = value_;
    applyValue(*value);
    showValue();
    static int typed = 1 << 20;
    finish(before, ++typed);
}

}  // namespace pilotlight::widgets
