#include "app/console/frame/top_bar.h"

#include <QFrame>
#include <QGridLayout>
#include <QLineEdit>
#include <QMenu>
#include <QStyle>

#include "app/console/models/words.h"
#include "widgets/chip.h"
#include "widgets/elided_label.h"
#include "widgets/format.h"

namespace pilotlight::console {

using namespace widgets;

namespace {

struct Quick {
    const char* title;
    const char* from;
    const char* to;
};
constexpr Quick kQuick[] = {
    {"Last hour", "now-1h", "now"},     {"Last 6 hours", "now-6h", "now"},  {"Last 24 hours", "now-24h", "now"}, {"Last 3 days", "now-3d", "now"},
    {"Last 7 days", "now-7d", "now"},   {"Last 14 days", "now-14d", "now"}, {"Last 30 days", "now-30d", "now"},  {"Today", "now/d", "now"},
    {"Yesterday", "now-1d/d", "now-1d/d"},
};

// "now−14d → now"
QString rangeText(const RangeText& range) {
    const auto pretty = [](const std::string& text) { return qs(text).replace(QLatin1Char('-'), format::kMinus); };
    const auto isWord = [](const std::string& text) { return text.rfind("now", 0) == 0; };
    const QString from = isWord(range.from) ? pretty(range.from) : qs(range.from);
    const QString to = isWord(range.to) ? pretty(range.to) : qs(range.to);
    return from + QLatin1Char(' ') + format::kArrow + QLatin1Char(' ') + to;
}

QHBoxLayout* flatRow(QWidget* parent) {
    auto* row = new QHBoxLayout(parent);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    return row;
}

} // namespace

RangePicker::RangePicker(Session& session, QWidget* parent) : QWidget(parent), session_(session) {
    button_ = new QPushButton(this);
    button_->setAccessibleName(QStringLiteral("Time range"));
    flatRow(this)->addWidget(button_);
    connect(button_, &QPushButton::clicked, this, &RangePicker::openPopup);
    connect(&session_, &Session::rangeChanged, this, &RangePicker::show);
    show();
}

void RangePicker::show() {
    button_->setText(rangeText(session_.range()) + QStringLiteral(" · UTC"));
    if (const auto range = session_.range().evaluate(session_.now())) {
        button_->setToolTip(QStringLiteral("%1 to %2\nCtrl+L").arg(format::dateTime(range->begin, QTimeZone::utc()), format::dateTime(range->end, QTimeZone::utc())));
    }
}

void RangePicker::openPopup() {
    auto* popup = new QFrame(this, Qt::Popup);
    popup->setObjectName(QStringLiteral("popup"));
    popup->setAttribute(Qt::WA_DeleteOnClose);
    auto* grid = new QGridLayout(popup);
    grid->setContentsMargins(14, 12, 14, 12);
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(2);
    auto* from = new QLineEdit(qs(session_.range().from), popup);
    auto* to = new QLineEdit(qs(session_.range().to), popup);
    auto* says = makeLabel({}, Type::label, Role::muted, 400, popup);
    says->setWordWrap(true);
    auto* use = new QPushButton(QStringLiteral("Use this range"), popup);
    setButtonKind(use, "primary");

    int row = 0;
    for (const auto& quick : kQuick) {
        auto* item = new QPushButton(QString::fromLatin1(quick.title), popup);
        setButtonKind(item, "flat");
        item->setStyleSheet(QStringLiteral("text-align: left"));
        grid->addWidget(item, row++, 0);
        connect(item, &QPushButton::clicked, popup, [this, popup, quick] {
            (void)session_.setRange({quick.from, quick.to});
            popup->close();
        });
    }
    auto* fields = new QVBoxLayout;
    fields->setSpacing(6);
    fields->addWidget(makeLabel(QStringLiteral("From"), Type::label, Role::muted, 400, popup));
    fields->addWidget(from);
    fields->addWidget(makeLabel(QStringLiteral("To"), Type::label, Role::muted, 400, popup));
    fields->addWidget(to);
    fields->addWidget(says);
    fields->addStretch(1);
    fields->addWidget(makeLabel(QStringLiteral("now-6h, now/d, now-1d/d, 2026-11-20T08:00Z"), Type::caption, Role::faint, 400, popup));
    fields->addWidget(use);
    from->setMinimumWidth(240);
    grid->addLayout(fields, 0, 1, row, 1);

    const auto judge = [this, from, to, says, use] {
        const RangeText text{from->text().trimmed().toStdString(), to->text().trimmed().toStdString()};
        const auto range = text.evaluate(session_.now());
        const char* validity = range ? "good" : "bad";
        for (auto* field : {from, to}) {
            field->setProperty("validity", QString::fromLatin1(validity));
            field->style()->unpolish(field);
            field->style()->polish(field);
        }
        use->setEnabled(range.has_value());
        says->setText(range ? format::dateTime(range->begin, QTimeZone::utc()) + QStringLiteral(" to ") + format::dateTime(range->end, QTimeZone::utc())
                            : qs(range.error().what));
    };
    const auto take = [this, from, to, popup] {
        if (session_.setRange({from->text().trimmed().toStdString(), to->text().trimmed().toStdString()})) popup->close();
    };
    connect(from, &QLineEdit::textChanged, popup, judge);
    connect(to, &QLineEdit::textChanged, popup, judge);
    connect(from, &QLineEdit::returnPressed, popup, take);
    connect(to, &QLineEdit::returnPressed, popup, take);
    connect(use, &QPushButton::clicked, popup, take);
    judge();
    popup->adjustSize();
    popup->move(button_->mapToGlobal(QPoint(button_->width() - popup->width(), button_->height() + 4)));
    popup->show();
    from->setFocus();
    from->selectAll();
}

RefreshPicker::RefreshPicker(Session& session, QWidget* parent) : QWidget(parent), session_(session) {
    button_ = new QPushButton(this);
    button_->setAccessibleName(QStringLiteral("Automatic refresh"));
    flatRow(this)->addWidget(button_);
    auto* menu = new QMenu(button_);
    connect(menu->addAction(QStringLiteral("Read now\tCtrl+Shift+R")), &QAction::triggered, &session_, [this] { session_.syncNow(); });
    menu->addSeparator();
    for (const auto& [title, every] : {std::pair{"Off", 0}, std::pair{"Every 10 s", 10}, std::pair{"Every minute", 60}, std::pair{"Every 5 minutes", 300}}) {
        connect(menu->addAction(QString::fromLatin1(title)), &QAction::triggered, &session_, [this, every = every] { session_.setRefreshSeconds(every); });
    }
    connect(button_, &QPushButton::clicked, this, [this, menu] { menu->popup(button_->mapToGlobal(QPoint(0, button_->height() + 4))); });
    connect(&session_, &Session::refreshChanged, this, &RefreshPicker::show);
    connect(&session_, &Session::syncChanged, this, &RefreshPicker::show);
    show();
}

void RefreshPicker::show() {
    const int every = session_.refreshSeconds();
    button_->setText(session_.syncing() ? QStringLiteral("reading")
                     : every == 0       ? QStringLiteral("auto off")
                                        : QStringLiteral("auto ") + format::durationText(every * 1000.0));
}

TopBar::TopBar(Session& session, QWidget* parent) : QWidget(parent) {
    setFixedHeight(48);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(space::page, 0, space::page, 0);
    row->setSpacing(space::s);
    crumbs_ = new QHBoxLayout;
    crumbs_->setSpacing(space::s);
    row->addLayout(crumbs_);
    row->addStretch(1);
    tools_ = new QHBoxLayout;
    tools_->setSpacing(space::s);
    row->addLayout(tools_);
    row->addSpacing(space::m);
    range_ = new RangePicker(session, this);
    refresh_ = new RefreshPicker(session, this);
    row->addWidget(range_);
    row->addWidget(refresh_);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void TopBar::setPage(Page* page) {
    if (page_) {
        for (auto* tool : page_->tools()) {
            tools_->removeWidget(tool);
            tool->hide();
            tool->setParent(page_);
        }
        disconnect(page_, &Page::headingChanged, this, nullptr);
    }
    page_ = page;
    if (!page_) return;
    for (auto* tool : page_->tools()) {
        tools_->addWidget(tool);
        tool->show();
    }
    range_->setVisible(page_->usesRange());
    connect(page_, &Page::headingChanged, this, &TopBar::showHeading);
    showHeading();
}

void TopBar::showHeading() {
    while (auto* item = crumbs_->takeAt(0)) {
        if (item->widget()) item->widget()->deleteLater();
        delete item;
    }
    if (!page_) return;
    const Heading heading = page_->heading();
    for (int i = 0; i < heading.crumbs.size(); ++i) {
        const bool last = i + 1 == heading.crumbs.size();
        if (last) {
            auto* label = new ElidedLabel(heading.crumbs[i], Type::body, Role::text, 600);
            label->setMinimumWidth(40);
            crumbs_->addWidget(label);
            continue;
        }
        auto* link = new QPushButton(heading.crumbs[i]);
        setButtonKind(link, "flat");
        link->setStyleSheet(QStringLiteral("padding: 0 2px"));
        connect(link, &QPushButton::clicked, this, [this, i] { emit crumbClicked(i); });
        crumbs_->addWidget(link);
        crumbs_->addWidget(makeLabel(QStringLiteral("/"), Type::body, Role::faint));
    }
    for (const auto& [text, role] : heading.chips) crumbs_->addWidget(new Chip(text, role));
}

void TopBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), colour(Role::surface));
    painter.fillRect(QRect(0, height() - 1, width(), 1), colour(Role::border));
}

} // namespace pilotlight::console
