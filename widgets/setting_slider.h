// One what-if setting: name, unit word, a value box that takes typing, and a track with ticks at today and at the recommendation.
//
// Keys: left/down and right/up step to the next valid value, Shift steps ten, Page steps ten, Home and End go to the ends. Double-click
// or Backspace returns to today. The wheel steps when the slider has the focus. Each gesture (drag, run of one key, typing, double-click)
// is one undo step on the stack that was handed in.
#pragma once

#include <QString>
#include <QWidget>
#include <functional>
#include <optional>

#include "widgets/value_map.h"

class QLineEdit;
class QUndoStack;

namespace pilotlight::widgets {

class ElidedLabel;
class SliderTrack;

class SettingSlider : public QWidget {
    Q_OBJECT
    Q_PROPERTY(double value READ value WRITE setValue NOTIFY valueChanged)
public:
    using Formatter = std::function<QString(double)>;
    using Parser = std::function<std::optional<double>(const QString&)>;

    // `unit_word` is the platform's own word for the setting: "reserved concurrency", "provisioned".
    explicit SettingSlider(const QString& name, const QString& unit_word = {}, QWidget* parent = nullptr);
    ~SettingSlider() override;

    void setMap(const ValueMap& map);
    [[nodiscard]] const ValueMap& map() const { return map_; }
    // Finer grid for typing than for the track (memory by 1 MB while the track steps by 64). 0 = the track's own values.
    void setTypedStep(double step) { typed_step_ = step; }
    // How a value reads in the box, at the ends and to a screen reader; how typing is read back (default: format::parseNumber).
    void setFormat(Formatter formatter, Parser parser = {});
    void setUnitWord(const QString& text);  // may change with the value: "1.16 vCPU"
    // Replaces the box's text while the value stands for more ("6 · weekdays 08–19"); empty = the formatted value.
    void setValueText(const QString& text);
    void setEndTexts(const QString& lo, const QString& hi);  // default: the formatted ends
    void setToday(std::optional<double> value);
    void setRecommended(std::optional<double> value);
    // Snaps to a valid value. Emits nothing: for model -> view.
    void setValue(double value);
    // As if the user had done it: emits and is undoable.
    void change(double value);
    [[nodiscard]] double value() const { return value_; }
    [[nodiscard]] std::optional<double> today() const { return today_; }
    void setUndoStack(QUndoStack* stack) { undo_ = stack; }
    // Greyed with the reason as tooltip; empty = enabled.
    void setDisabledReason(const QString& reason);
    [[nodiscard]] QLineEdit* box() const { return box_; }
    [[nodiscard]] SliderTrack* track() const { return track_; }
    [[nodiscard]] const QString& name() const { return name_; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;  // Esc in the box

signals:
    void valueChanged(double value);  // every step, also of undo; within the same event
    void committed(double value);     // end of a gesture

private:
    friend class SliderTrack;
    friend class SliderCommand;
    void applyValue(double value);            // sets, emits valueChanged
    void finish(double before, int gesture);  // pushes the undo step, emits committed
    void showValue();
    void readBox();
    [[nodiscard]] std::optional<double> typedValue(const QString& text) const;
    [[nodiscard]] QString formatted(double value) const;

    QString name_, value_text_;
    ValueMap map_;
    double typed_step_ = 0;
    double value_ = 0;
    std::optional<double> today_, recommended_;
    Formatter formatter_;
    Parser parser_;
    QUndoStack* undo_ = nullptr;
    ElidedLabel* name_label_;
    ElidedLabel* unit_label_;
    ElidedLabel* lo_label_;
    ElidedLabel* hi_label_;
    QLineEdit* box_;
    SliderTrack* track_;
    bool custom_ends_ = false;
};

// The track itself; takes the focus and all gestures.
class SliderTrack : public QWidget {
    Q_OBJECT
public:
    explicit SliderTrack(SettingSlider* owner);
    [[nodiscard]] QSize sizeHint() const override { return {160, 20}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {80, 20}; }
    [[nodiscard]] double xOf(double value) const;  // logical pixels
    [[nodiscard]] int handleRadius() const { return 7; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void keyReleaseEvent(QKeyEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    [[nodiscard]] double valueAtX(double x) const;
    void step(int count, bool autorepeat);
    SettingSlider* owner_;
    bool dragging_ = false, hovered_ = false;
    double before_ = 0;  // value at the start of the gesture
    int gesture_ = 0;    // undo steps of one gesture merge
    int wheel_ = 0;      // collected eighths of a degree
};

}  // namespace pilotlight::widgets
