#include "widgets/time_range_button.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QRegularExpression>
#include <QStyle>
#include <QVBoxLayout>

#include "widgets/card.h"
#include "widgets/format.h"
#include "widgets/theme.h"

namespace pilotlight::widgets {
namespace {

QString plain(QString expression) {
    expression = expression.trimmed();
    expression.replace(format::kMinus, QLatin1Char('-'));
    return expression;
}

// Pasted epochs: 10 digits are seconds, 13 milliseconds.
QString withoutEpoch(const QString& expression) {
    static const QRegularExpression digits(QStringLiteral("^\\d{10}(\\d{3})?$"));
    if (!digits.match(expression).hasMatch()) return expression;
    const qint64 value = expression.toLongLong();
    return QString::fromStdString(toIso8601(Timestamp(milliseconds(expression.size() == 10 ? value * 1000 : value))));
}

QString shown(const QString& expression, const QTimeZone& zone) {
    if (expression.startsWith(QLatin1String("now"))) {
        QString text = expression;
        return text.replace(QLatin1Char('-'), format::kMinus);
    }
    const auto at = parseIso8601(expression.toStdString());
    if (!at) return expression;
    QString text = format::dateTime(*at, zone);
    return text.left(text.lastIndexOf(QChar(0x00A0)));  // the zone is printed once, at the end
}

}  // namespace

QTimeZone TimeRangeChoice::zone() const { return utc ? QTimeZone::utc() : QTimeZone::systemTimeZone(); }

Result<TimeRange> TimeRangeChoice::resolve(Timestamp now) const {
    PILOTLIGHT_ASSIGN(const Timestamp begin, parseTimeExpression(plain(from).toStdString(), now, false));
    PILOTLIGHT_ASSIGN(const Timestamp end, parseTimeExpression(plain(to).toStdString(), now, true));
    if (end <= begin) return fail(ErrorCode::invalid_argument, "The range ends before it begins.", {}, "Choose an end after the start.");
    return TimeRange{begin, end};
}

bool TimeRangeChoice::isRelative() const { return from.startsWith(QLatin1String("now")) || to.startsWith(QLatin1String("now")); }

QString TimeRangeChoice::label(Timestamp now) const {
    const QTimeZone where = zone();
    for (const QuickRange& quick : quickRanges()) {
        if (quick.from == from && quick.to == to && !quick.name.startsWith(QLatin1String("Last"))) {
            return quick.name + QStringLiteral(" · ") + format::zoneName(where, now);
        }
    }
    return shown(from, where) + QStringLiteral(" → ") + shown(to, where) + QStringLiteral(" · ") + format::zoneName(where, now);
}

const std::vector<QuickRange>& quickRanges() {
    static const std::vector<QuickRange> ranges = {
        {QStringLiteral("Last 15 min"), QStringLiteral("now-15m"), QStringLiteral("now")},
        {QStringLiteral("Last 1 h"), QStringLiteral("now-1h"), QStringLiteral("now")},
        {QStringLiteral("Last 3 h"), QStringLiteral("now-3h"), QStringLiteral("now")},
        {QStringLiteral("Last 6 h"), QStringLiteral("now-6h"), QStringLiteral("now")},
        {QStringLiteral("Last 12 h"), QStringLiteral("now-12h"), QStringLiteral("now")},
        {QStringLiteral("Last 24 h"), QStringLiteral("now-24h"), QStringLiteral("now")},
        {QStringLiteral("Last 3 days"), QStringLiteral("now-3d"), QStringLiteral("now")},
        {QStringLiteral("Last 7 days"), QStringLiteral("now-7d"), QStringLiteral("now")},
        {QStringLiteral("Last 14 days"), QStringLiteral("now-14d"), QStringLiteral("now")},
        {QStringLiteral("Last 30 days"), QStringLiteral("now-30d"), QStringLiteral("now")},
        {QStringLiteral("Last 90 days"), QStringLiteral("now-90d"), QStringLiteral("now")},
        {QStringLiteral("Today"), QStringLiteral("now/d"), QStringLiteral("now/d")},
        {QStringLiteral("Yesterday"), QStringLiteral("now-1d/d"), QStringLiteral("now-1d/d")},
        {QStringLiteral("This week"), QStringLiteral("now/w"), QStringLiteral("now/w")},
    };
    return ranges;
}

TimeExpressionEdit::TimeExpressionEdit(const QString& label, bool round_up, QWidget* parent)
    : QWidget(parent), round_up_(round_up), edit_(new QLineEdit(this)), echo_(makeLabel({}, Type::caption, Role::muted, 400, this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::xs);
    layout->addWidget(makeLabel(label, Type::label, Role::muted, 400, this));
    layout->addWidget(edit_);
    layout->addWidget(echo_);
    edit_->setMinimumHeight(kControlHeight);
    echo_->setMinimumHeight(16);
    edit_->setAccessibleName(label);
    edit_->setPlaceholderText(QStringLiteral("now-6h, now/d, 2026-11-22 08:00"));
    setFocusProxy(edit_);
    connect(edit_, &QLineEdit::textChanged, this, [this] {
        validate();
        emit changed();
    });
    connect(edit_, &QLineEdit::returnPressed, this, &TimeExpressionEdit::submitted);
}

void TimeExpressionEdit::setText(const QString& expression) { edit_->setText(expression); }

QString TimeExpressionEdit::expression() const { return withoutEpoch(plain(edit_->text())); }

void TimeExpressionEdit::setNow(Timestamp now, const QTimeZone& zone) {
    now_ = now;
    zone_ = zone;
    validate();
}

std::optional<Timestamp> TimeExpressionEdit::instant() const {
    const auto at = parseTimeExpression(expression().toStdString(), now_, round_up_);
    return at ? std::optional(*at) : std::nullopt;
}

void TimeExpressionEdit::validate() {
    const auto at = parseTimeExpression(expression().toStdString(), now_, round_up_);
    edit_->setProperty("validity", edit_->text().isEmpty() ? QVariant() : QVariant(at ? "good" : "bad"));
    edit_->style()->polish(edit_);
    // The year is part of the answer here: a typed date may be any.
    echo_->setText(at ? format::dateTime(*at, zone_, true) : QString::fromStdString(at.error().what));
    setInk(echo_, at ? Role::muted : Role::bad);
}

TimeRangePopup::TimeRangePopup(QWidget* parent)
    : QFrame(parent, Qt::Popup),
      quick_(new QListWidget(this)),
      from_(new TimeExpressionEdit(tr("From"), false, this)),
      to_(new TimeExpressionEdit(tr("To (not included)"), true, this)),
      utc_(new QPushButton(QStringLiteral("UTC"), this)),
      local_(new QPushButton(tr("Local"), this)),
      problem_(makeLabel({}, Type::caption, Role::bad, 400, this)),
      apply_(new QPushButton(tr("Apply"), this)) {
    setObjectName(QStringLiteral("popup"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(space::s, space::s, space::l, space::m);
    layout->setSpacing(space::l);
    for (const QuickRange& range : quickRanges()) quick_->addItem(range.name);
    quick_->setFixedWidth(130);
    quick_->setFrameShape(QFrame::NoFrame);
    quick_->setUniformItemSizes(true);
    quick_->setSpacing(1);
    quick_->setAccessibleName(tr("Quick ranges"));
    layout->addWidget(quick_);
    auto* right = new QVBoxLayout;
    right->setContentsMargins(0, space::s, 0, 0);
    right->setSpacing(space::s);
    right->addWidget(makeLabel(tr("Range"), Type::body, Role::text, 600, this));
    from_->setMinimumWidth(250);
    right->addWidget(from_);
    right->addWidget(to_);
    right->addWidget(problem_);
    right->addWidget(makeLabel(tr("s m h d w; /d rounds to days, /w to weeks. Bills are in UTC."), Type::caption, Role::faint, 400, this));
    right->addStretch(1);
    auto* foot = new QHBoxLayout;
    foot->setSpacing(space::xs);
    for (QPushButton* button : {utc_, local_}) {
        button->setCheckable(true);
        button->setAutoExclusive(true);
        foot->addWidget(button);
    }
    foot->addStretch(1);
    foot->addWidget(apply_);
    setButtonKind(apply_, "primary");
    right->addLayout(foot);
    layout->addLayout(right);
    connect(quick_, &QListWidget::itemClicked, this, [this](QListWidgetItem*) {
        const QuickRange& range = quickRanges()[static_cast<std::size_t>(quick_->currentRow())];
        emit chosen({range.from, range.to, utc_->isChecked()});
        close();
    });
    connect(quick_, &QListWidget::itemActivated, this, [this](QListWidgetItem*) {
        const QuickRange& range = quickRanges()[static_cast<std::size_t>(quick_->currentRow())];
        emit chosen({range.from, range.to, utc_->isChecked()});
        close();
    });
    for (TimeExpressionEdit* edit : {from_, to_}) {
        connect(edit, &TimeExpressionEdit::changed, this, &TimeRangePopup::validate);
        connect(edit, &TimeExpressionEdit::submitted, apply_, &QPushButton::click);
    }
    connect(utc_, &QPushButton::toggled, this, [this] {
        const QTimeZone zone = utc_->isChecked() ? QTimeZone::utc() : QTimeZone::systemTimeZone();
        from_->setNow(now_, zone);
        to_->setNow(now_, zone);
    });
    connect(apply_, &QPushButton::clicked, this, [this] {
        if (!choice().resolve(now_)) return;
        emit chosen(choice());
        close();
    });
}

void TimeRangePopup::setChoice(const TimeRangeChoice& choice, Timestamp now) {
    now_ = now;
    (choice.utc ? utc_ : local_)->setChecked(true);
    local_->setText(tr("Local (%1)").arg(format::zoneName(QTimeZone::systemTimeZone(), now)));
    from_->setNow(now, choice.zone());
    to_->setNow(now, choice.zone());
    from_->setText(choice.from);
    to_->setText(choice.to);
    quick_->setCurrentRow(-1);
    for (std::size_t i = 0; i < quickRanges().size(); ++i) {
        if (quickRanges()[i].from == choice.from && quickRanges()[i].to == choice.to) quick_->setCurrentRow(static_cast<int>(i));
    }
    validate();
}

TimeRangeChoice TimeRangePopup::choice() const { return {from_->expression(), to_->expression(), utc_->isChecked()}; }

void TimeRangePopup::validate() {
    const auto range = choice().resolve(now_);
    const bool ends_valid = from_->instant() && to_->instant();
    problem_->setText(!range && ends_valid ? QString::fromStdString(range.error().what) : QString());
    problem_->setVisible(!problem_->text().isEmpty());
    apply_->setEnabled(range.has_value());
}

TimeRangeButton::TimeRangeButton(QWidget* parent)
    : QPushButton(parent), now_([] { return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now()); }) {
    setAccessibleName(tr("Time range"));
    connect(this, &QPushButton::clicked, this, &TimeRangeButton::openPopup);
    showLabel();
}

void TimeRangeButton::setChoice(const TimeRangeChoice& choice) {
    choice_ = choice;
    showLabel();
}

void TimeRangeButton::setClock(std::function<Timestamp()> now) {
    now_ = std::move(now);
    showLabel();
}

void TimeRangeButton::showLabel() {
    const Timestamp now = now_();
    setText(choice_.label(now));
    const auto range = choice_.resolve(now);
    setToolTip(range ? tr("%1 to %2").arg(format::dateTime(range->begin, choice_.zone()), format::dateTime(range->end, choice_.zone()))
                     : QString::fromStdString(range.error().text()));
    setAccessibleDescription(toolTip());
}

void TimeRangeButton::take(const TimeRangeChoice& choice, bool remember) {
    if (choice == choice_) return;
    if (remember) {
        back_.push_back(choice_);
        forward_.clear();
    }
    setChoice(choice);
    emit rangeChanged(choice_);
}

void TimeRangeButton::openPopup() {
    auto* popup = new TimeRangePopup(this);
    popup->setAttribute(Qt::WA_DeleteOnClose);
    popup->setChoice(choice_, now_());
    connect(popup, &TimeRangePopup::chosen, this, [this](const TimeRangeChoice& choice) { take(choice, true); });
    popup->adjustSize();
    popup->move(mapToGlobal(QPoint(width() - popup->width(), height() + 4)));
    popup->show();
    popup->from()->setFocus();
}

void TimeRangeButton::goBack() {
    if (back_.empty()) return;
    forward_.push_back(choice_);
    const TimeRangeChoice choice = back_.back();
    back_.pop_back();
    take(choice, false);
}

void TimeRangeButton::goForward() {
    if (forward_.empty()) return;
    back_.push_back(choice_);
    const TimeRangeChoice choice = forward_.back();
    forward_.pop_back();
    take(choice, false);
}

}  // namespace pilotlight::widgets
