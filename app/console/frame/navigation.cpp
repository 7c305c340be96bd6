#include "app/console/frame/navigation.h"

#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include "widgets/chip.h"
#include "widgets/theme.h"

namespace pilotlight::console {

using namespace widgets;

namespace {
constexpr int kWide = 200, kNarrow = 48, kButton = 34;

class Brand : public QWidget {
public:
    explicit Brand(QWidget* parent) : QWidget(parent) {
        setFixedHeight(44);
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        const bool wide = width() > kNarrow;
        const QPixmap flame = iconPixmap(QStringLiteral("flame"), Role::accent, 20, devicePixelRatioF());
        painter.drawPixmap(QPointF(wide ? 8 : (width() - 20) / 2.0, (height() - 20) / 2.0), flame);
        if (!wide) return;
        painter.setFont(widgets::font(Type::title, 600));
        painter.setPen(colour(Role::text));
        painter.drawText(QRect(36, 0, width() - 36, height()), Qt::AlignVCenter | Qt::AlignLeft, QStringLiteral("Pilotlight"));
    }
};
} // namespace

NavigationButton::NavigationButton(const QString& icon, const QString& text, QWidget* parent) : QAbstractButton(parent), icon_(icon) {
    setText(text);
    setCheckable(true);
    setAutoExclusive(true);
    setFocusPolicy(Qt::TabFocus);
    setFixedHeight(kButton);
    setAccessibleName(text);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void NavigationButton::setCount(int count) {
    if (count == count_) return;
    count_ = count;
    setAccessibleDescription(count > 0 ? QString::number(count) : QString());
    update();
}

void NavigationButton::setCollapsed(bool collapsed) {
    collapsed_ = collapsed;
    setToolTip(collapsed ? text() : QString());
    update();
}

QSize NavigationButton::sizeHint() const { return {collapsed_ ? kNarrow - 16 : kWide - 16, kButton}; }

void NavigationButton::enterEvent(QEnterEvent*) { update(); }
void NavigationButton::leaveEvent(QEvent*) { update(); }

void NavigationButton::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF box = QRectF(rect()).adjusted(0.5, 1.5, -0.5, -1.5);
    if (isChecked() || underMouse()) {
        QColor fill = colour(Role::raised);
        if (!isChecked()) fill.setAlphaF(0.5F);
        painter.setPen(Qt::NoPen);
        painter.setBrush(fill);
        painter.drawRoundedRect(box, kControlRadius, kControlRadius);
    }
    if (hasFocus()) {
        painter.setPen(colour(Role::accent));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(box, kControlRadius, kControlRadius);
    }
    const Role ink = isChecked() ? Role::text : Role::muted;
    painter.drawPixmap(QPointF(collapsed_ ? (width() - 16) / 2.0 : 10, (height() - 16) / 2.0), iconPixmap(icon_, ink, 16, devicePixelRatioF()));
    if (collapsed_) return;
    qreal right = width() - 8;
    if (count_ > 0) {
        const QSizeF size = badgeSize(count_);
        const QRectF badge(right - size.width(), (height() - size.height()) / 2, size.width(), size.height());
        paintBadge(painter, badge, count_, isChecked() ? Role::canvas : Role::raised);
        right = badge.left() - 6;
    }
    painter.setFont(widgets::font(Type::body, isChecked() ? 500 : 400));
    painter.setPen(colour(ink));
    painter.drawText(QRectF(36, 0, right - 36, height()), Qt::AlignVCenter | Qt::AlignLeft, text());
}

QString Navigation::titleOf(const QString& page) { return page.left(1).toUpper() + page.mid(1); }

Navigation::Navigation(QWidget* parent) : QWidget(parent) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 4, 8, 12);
    column->setSpacing(0);
    column->addWidget(new Brand(this));
    column->addSpacing(6);
    for (const char* page : {"overview", "functions", "costs", "reconciliation", "benchmarks", "changes", "connections"}) {
        add(QString::fromLatin1(page));
    }
    column->addStretch(1);
    add(QStringLiteral("settings"));
    setFixedWidth(kWide);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void Navigation::add(const QString& page) {
    auto* button = new NavigationButton(page, titleOf(page), this); // the icons bear the pages' names
    buttons_.insert(page, button);
    pages_ << page;
    layout()->addWidget(button);
    connect(button, &QAbstractButton::clicked, this, [this, page] { emit chosen(page); });
}

void Navigation::setCurrent(const QString& page) {
    if (auto* button = buttons_.value(page)) button->setChecked(true);
}

void Navigation::setCount(const QString& page, int count) {
    if (auto* button = buttons_.value(page)) button->setCount(count);
}

void Navigation::setCollapsed(bool collapsed) {
    collapsed_ = collapsed;
    for (auto* button : std::as_const(buttons_)) button->setCollapsed(collapsed);
    setFixedWidth(collapsed ? kNarrow : kWide);
}

void Navigation::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), colour(Role::surface));
    painter.fillRect(QRect(width() - 1, 0, 1, height()), colour(Role::border));
}

} // namespace pilotlight::console
