#include "widgets/navigation_bar.h"

#include <QKeyEvent>
#include <QPainter>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/chip.h"

namespace pilotlight::widgets {
namespace {
constexpr int kWide = 200, kNarrow = 48, kHead = 48;
}  // namespace

NavigationItem::NavigationItem(QString id, const QString& text, QString icon_name, QWidget* parent)
    : QAbstractButton(parent), id_(std::move(id)), icon_name_(std::move(icon_name)) {
    setText(text);
    setAccessibleName(text);
    setCheckable(true);
    setAttribute(Qt::WA_Hover);
    setCursor(Qt::PointingHandCursor);
    setFocusPolicy(Qt::TabFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void NavigationItem::setCount(int count) {
    count_ = count;
    setAccessibleName(count > 0 ? QStringLiteral("%1, %2").arg(text()).arg(count) : text());
    update();
}

void NavigationItem::setCollapsed(bool collapsed) {
    collapsed_ = collapsed;
    setToolTip(collapsed ? text() : QString());
    updateGeometry();
    update();
}

void NavigationItem::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool hot = isChecked() || underMouse();
    if (hot || hasFocus()) {
        painter.setPen(hasFocus() ? QPen(colour(Role::accent), 1) : QPen(Qt::NoPen));
        painter.setBrush(isChecked() ? colour(Role::raised)
                         : hot       ? mixed(colour(Role::surface), colour(Role::raised), 0.55)
                                     : colour(Role::surface));
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kControlRadius, kControlRadius);
    }
    painter.drawPixmap(QPointF(collapsed_ ? (width() - 16) / 2.0 : 10, (height() - 16) / 2.0),
                       iconPixmap(icon_name_, isChecked() ? Role::text : Role::muted, 16, devicePixelRatioF()));
    if (collapsed_) {
        if (count_ > 0) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(colour(Role::accent));
            painter.drawEllipse(QPointF(width() - 7, 8), 3, 3);
        }
        return;
    }
    painter.setFont(textFont(Type::body, isChecked() ? 500 : 400));
    painter.setPen(colour(isChecked() || underMouse() ? Role::text : Role::muted));
    painter.drawText(QRectF(36, 0, width() - 44, height()), Qt::AlignVCenter | Qt::AlignLeft, text());
    if (count_ > 0) {
        const QSizeF size = badgeSize(count_);
        paintBadge(painter, QRectF(width() - 8 - size.width(), (height() - size.height()) / 2, size.width(), size.height()), count_,
                   isChecked() ? Role::canvas : Role::raised);
    }
}

NavigationBar::NavigationBar(const QString& product, QWidget* parent)
    : QWidget(parent), product_(product), entries_(new QVBoxLayout), foot_(new QVBoxLayout), toggle_(new QToolButton(this)) {
    setFixedWidth(kWide);
    setAccessibleName(tr("Navigation"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, kHead + 8, 8, 8);
    layout->setSpacing(2);
    for (QVBoxLayout* part : {entries_, foot_}) {
        part->setContentsMargins(0, 0, 0, 0);
        part->setSpacing(2);
    }
    layout->addLayout(entries_);
    layout->addStretch(1);
    layout->addLayout(foot_);
    static_cast<QToolButton*>(toggle_)->setIconSize(QSize(14, 14));
    toggle_->setIcon(icon(QStringLiteral("sidebar"), Role::faint));
    toggle_->setToolTip(tr("Collapse navigation"));
    toggle_->setAccessibleName(tr("Collapse navigation"));
    toggle_->setFixedSize(24, 24);
    toggle_->move(kWide - 34, 13);
    connect(toggle_, &QAbstractButton::clicked, this, [this] {
        setCollapsed(!collapsed_);
        emit collapsedChanged(collapsed_);
    });
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

NavigationItem* NavigationBar::add(const QString& id, const QString& text, const QString& icon_name) {
    auto* item = new NavigationItem(id, text, icon_name, this);
    items_.push_back(item);
    connect(item, &QAbstractButton::clicked, this, [this, id] { choose(id); });
    return item;
}

void NavigationBar::addEntry(const QString& id, const QString& text, const QString& icon_name) {
    entries_->addWidget(add(id, text, icon_name));
}
void NavigationBar::addFootEntry(const QString& id, const QString& text, const QString& icon_name) {
    foot_->addWidget(add(id, text, icon_name));
}

void NavigationBar::setCount(const QString& id, int count) {
    for (NavigationItem* item : items_) {
        if (item->id() == id) item->setCount(count);
    }
}

void NavigationBar::setCurrent(const QString& id) {
    current_ = id;
    for (NavigationItem* item : items_) item->setChecked(item->id() == id);
}

void NavigationBar::choose(const QString& id) {
    setCurrent(id);
    emit activated(id);
}

void NavigationBar::setCollapsed(bool collapsed) {
    collapsed_ = collapsed;
    setFixedWidth(collapsed ? kNarrow : kWide);
    for (NavigationItem* item : items_) item->setCollapsed(collapsed);
    toggle_->move(collapsed ? (kNarrow - 24) / 2 : kWide - 34, collapsed ? kHead - 12 : 13);
    layout()->setContentsMargins(8, collapsed ? kHead + 20 : kHead + 8, 8, 8);
    const QString word = collapsed ? tr("Expand navigation") : tr("Collapse navigation");
    toggle_->setToolTip(word);
    toggle_->setAccessibleName(word);
    update();
}

void NavigationBar::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Down) {
        focusNextChild();
    } else if (event->key() == Qt::Key_Up) {
        focusPreviousChild();
    } else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        for (NavigationItem* item : items_) {
            if (item->hasFocus()) choose(item->id());
        }
    } else {
        QWidget::keyPressEvent(event);
    }
}

void NavigationBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), colour(Role::surface));
    painter.fillRect(QRect(width() - 1, 0, 1, height()), colour(Role::border));
    painter.drawPixmap(QPointF(collapsed_ ? (width() - 20) / 2.0 : 16, collapsed_ ? 10 : 15),
                       iconPixmap(QStringLiteral("flame"), Role::text, 20, devicePixelRatioF()));
    if (collapsed_) return;
    painter.setFont(textFont(Type::title, 600));
    painter.setPen(colour(Role::text));
    painter.drawText(QRect(44, 1, width() - 80, kHead), Qt::AlignVCenter | Qt::AlignLeft, product_);
}

}  // namespace pilotlight::widgets
