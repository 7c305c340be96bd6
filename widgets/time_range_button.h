// The global time range: a button that shows it with its zone, and a popup with a quick list and the grammar of parseTimeExpression.
#pragma once

#include <QFrame>
#include <QPushButton>
#include <QTimeZone>
#include <functional>

#include "core/base/time.h"

class QLabel;
class QLineEdit;
class QListWidget;

namespace pilotlight::widgets {

// Expressions are kept, not instants, so that relative ranges move on refresh. Half-open [from, to).
struct TimeRangeChoice {
    QString from = QStringLiteral("now-14d");
    QString to = QStringLiteral("now");
    bool utc = true;  // else local; printed beside the range
    friend bool operator==(const TimeRangeChoice&, const TimeRangeChoice&) = default;
    [[nodiscard]] QTimeZone zone() const;
    // "/d" floors the start and ceils the end. Errors: invalid_argument with words for the user (also from >= to).
    [[nodiscard]] Result<TimeRange> resolve(Timestamp now) const;
    [[nodiscard]] bool isRelative() const;  // moves on refresh
    // "now−14d → now · UTC"
    [[nodiscard]] QString label(Timestamp now) const;
};

struct QuickRange {
    QString name, from, to;
};
[[nodiscard]] const std::vector<QuickRange>& quickRanges();

// One end of a range: takes the grammar or an epoch in seconds or milliseconds; its border says at once whether it is valid.
class TimeExpressionEdit : public QWidget {
    Q_OBJECT
public:
    TimeExpressionEdit(const QString& label, bool round_up, QWidget* parent = nullptr);
    void setText(const QString& expression);
    [[nodiscard]] QString expression() const;  // epochs as ISO 8601
    void setNow(Timestamp now, const QTimeZone& zone);
    [[nodiscard]] std::optional<Timestamp> instant() const;
    [[nodiscard]] QLineEdit* edit() const { return edit_; }

signals:
    void changed();
    void submitted();

private:
    void validate();
    bool round_up_;
    Timestamp now_{};
    QTimeZone zone_ = QTimeZone::utc();
    QLineEdit* edit_;
    QLabel* echo_;
};

class TimeRangePopup : public QFrame {
    Q_OBJECT
public:
    explicit TimeRangePopup(QWidget* parent = nullptr);
    void setChoice(const TimeRangeChoice& choice, Timestamp now);
    [[nodiscard]] TimeRangeChoice choice() const;
    [[nodiscard]] TimeExpressionEdit* from() const { return from_; }
    [[nodiscard]] TimeExpressionEdit* to() const { return to_; }
    [[nodiscard]] QPushButton* applyButton() const { return apply_; }

signals:
    void chosen(const TimeRangeChoice& choice);

private:
    void validate();
    QListWidget* quick_;
    TimeExpressionEdit* from_;
    TimeExpressionEdit* to_;
    QPushButton* utc_;
    QPushButton* local_;
    QLabel* problem_;
    QPushButton* apply_;
    Timestamp now_{};
};

class TimeRangeButton : public QPushButton {
    Q_OBJECT
public:
    explicit TimeRangeButton(QWidget* parent = nullptr);
    void setChoice(const TimeRangeChoice& choice);  // emits nothing
    [[nodiscard]] const TimeRangeChoice& choice() const { return choice_; }
    // Now on the clock of the profiles shown; default: the wall clock.
    void setClock(std::function<Timestamp()> now);
    void openPopup();
    // History, for Alt+Left and Alt+Right.
    void goBack();
    void goForward();

signals:
    void rangeChanged(const TimeRangeChoice& choice);

private:
    void take(const TimeRangeChoice& choice, bool remember);
    void showLabel();
    TimeRangeChoice choice_;
    std::vector<TimeRangeChoice> back_, forward_;
    std::function<Timestamp()> now_;
};

}  // namespace pilotlight::widgets
