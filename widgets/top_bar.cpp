#include "widgets/top_bar.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include "widgets/chip.h"

namespace pilotlight::widgets {
namespace {

class SegmentButton final : public QAbstractButton {
public:
    SegmentButton(const QString& text, QWidget* parent) : QAbstractButton(parent) {
        setText(text);
        setAccessibleName(text);
        setCheckable(true);
        setAttribute(Qt::WA_Hover);
        setCursor(Qt::PointingHandCursor);
        setFocusPolicy(Qt::TabFocus);
    }
    [[nodiscard]] QSize sizeHint() const override {
        return {static_cast<int>(QFontMetricsF(textFont(Type::body, 500)).horizontalAdvance(text())) + 22, kControlHeight};
    }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(colour(hasFocus() ? Role::accent : Role::border), 1));
        painter.setBrush(isChecked() || underMouse() ? colour(Role::raised) : colour(Role::surface));
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kControlRadius, kControlRadius);
        painter.setFont(textFont(Type::body, isChecked() ? 500 : 400));
        painter.setPen(colour(isChecked() ? Role::text : Role::muted));
        painter.drawText(rect(), Qt::AlignCenter, text());
    }
};

}  // namespace

ColourBand::ColourBand(QWidget* parent) : QWidget(parent) {
    setFixedHeight(3);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

Role ColourBand::roleOf(Environment environment) {
    switch (environment) {
        case Environment::production:
            return Role::bad;
        case Environment::staging:
            return Role::caution;
        case Environment::dev:
            return Role::good;
        case Environment::none:
            break;
    }
    return Role::border;
}

void ColourBand::setEnvironment(Environment environment, bool read_only) {
    environment_ = environment;
    read_only_ = read_only;
    static constexpr const char* words[] = {"no connection", "dev", "staging", "production"};
    setToolTip(QLatin1String(words[static_cast<int>(environment)]) + (read_only ? tr(", read-only") : QString()));
    setAccessibleName(toolTip());
    update();
}

void ColourBand::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QColor ink = colour(roleOf(environment_));
    if (!read_only_) {
        painter.fillRect(rect(), ink);
        return;
    }
    painter.fillRect(rect(), colour(Role::surface));
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(ink);
    for (double x = -4; x < width(); x += 10) painter.drawPolygon(QPolygonF({{x, 3.0}, {x + 3, 0.0}, {x + 9, 0.0}, {x + 6, 3.0}}));
}

Breadcrumb::Breadcrumb(QWidget* parent) : QWidget(parent) {
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void Breadcrumb::setPath(const QStringList& parts) {
    parts_ = parts;
    hovered_ = -1;
    setAccessibleName(parts.join(QLatin1String(" / ")));
    updateGeometry();
    update();
}

QRectF Breadcrumb::partRect(int part) const {
    const QFontMetricsF plain(textFont(Type::body)), bold(textFont(Type::body, 600));
    double x = 0;
    for (int i = 0; i < part; ++i) x += plain.horizontalAdvance(parts_[i]) + 21;
    const bool last = part + 1 == parts_.size();
    return {x, 0, (last ? bold : plain).horizontalAdvance(parts_[part]) + 1, static_cast<double>(height())};
}

QSize Breadcrumb::sizeHint() const {
    if (parts_.isEmpty()) return {0, kControlHeight};
    return {static_cast<int>(std::ceil(partRect(static_cast<int>(parts_.size()) - 1).right())) + 1, kControlHeight};
}

QSize Breadcrumb::minimumSizeHint() const { return {std::min(sizeHint().width(), 120), kControlHeight}; }

int Breadcrumb::partAt(const QPointF& at) const {
    for (int i = 0; i + 1 < parts_.size(); ++i) {
        if (partRect(i).contains(at)) return i;
    }
    return -1;
}

void Breadcrumb::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    for (int i = 0; i < parts_.size(); ++i) {
        const bool last = i + 1 == parts_.size();
        const QFont part_font = textFont(Type::body, last ? 600 : 400);
        QRectF box = partRect(i);
        if (box.left() > width()) break;
        box.setRight(std::min(box.right(), static_cast<double>(width())));
        painter.setFont(part_font);
        painter.setPen(colour(last || i == hovered_ ? Role::text : Role::muted));
        painter.drawText(box, Qt::AlignVCenter | Qt::AlignLeft,
                         QFontMetricsF(part_font).elidedText(parts_[i], Qt::ElideMiddle, box.width()));
        if (!last) {
            painter.setFont(textFont(Type::body));
            painter.setPen(colour(Role::faint));
            painter.drawText(QRectF(box.right(), 0, 20, height()), Qt::AlignCenter, QStringLiteral("/"));
        }
    }
}

void Breadcrumb::mouseMoveEvent(QMouseEvent* event) {
    const int part = partAt(event->position());
    if (part == hovered_) return;
    hovered_ = part;
    setCursor(part >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void Breadcrumb::mouseReleaseEvent(QMouseEvent* event) {
    const int part = partAt(event->position());
    if (part >= 0) emit activated(part);
}

void Breadcrumb::leaveEvent(QEvent*) {
    hovered_ = -1;
    update();
}

ViewSwitch::ViewSwitch(QWidget* parent) : QWidget(parent), layout_(new QHBoxLayout(this)) {
    layout_->setContentsMargins(0, 0, 0, 0);
    layout_->setSpacing(10);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void ViewSwitch::setViews(const QStringList& names) {
    for (QAbstractButton* button : buttons_) button->deleteLater();
    buttons_.clear();
    current_ = -1;
    for (int i = 0; i < names.size(); ++i) {
        auto* button = new SegmentButton(names[i], this);
        layout_->addWidget(button);
        buttons_.push_back(button);
        connect(button, &QAbstractButton::clicked, this, [this, i] {
            setCurrent(i);
            emit activated(i);
        });
    }
    setVisible(!names.isEmpty());
}

void ViewSwitch::setCurrent(int index) {
    current_ = index;
    for (std::size_t i = 0; i < buttons_.size(); ++i) buttons_[i]->setChecked(static_cast<int>(i) == index);
}

void ViewSwitch::keyPressEvent(QKeyEvent* event) {
    const int by = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
    const int next = current_ + by;
    if (by == 0 || next < 0 || next >= static_cast<int>(buttons_.size())) {
        QWidget::keyPressEvent(event);
        return;
    }
    buttons_[static_cast<std::size_t>(next)]->setFocus(Qt::TabFocusReason);
    setCurrent(next);
    emit activated(next);
}

TopBar::TopBar(QWidget* parent)
    : QWidget(parent), breadcrumb_(new Breadcrumb(this)), views_(new ViewSwitch(this)), facts_(new QHBoxLayout), tools_(new QHBoxLayout) {
    setFixedHeight(48);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(space::page, 0, space::page, 1);
    layout->setSpacing(space::s + 2);
    facts_->setSpacing(space::s + 2);
    tools_->setSpacing(space::s + 2);
    layout->addWidget(breadcrumb_);
    layout->addLayout(facts_);
    layout->addStretch(1);
    layout->addWidget(views_);
    layout->addSpacing(space::l + 6);
    layout->addLayout(tools_);
    views_->hide();
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
}

void TopBar::setFacts(const std::vector<std::pair<QString, Role>>& facts) {
    while (QLayoutItem* item = facts_->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    for (const auto& [text, ink] : facts) {
        if (!text.isEmpty()) facts_->addWidget(makeShortChip(text, ink, this));
    }
}

void TopBar::addTool(QWidget* widget) {
    widget->setParent(this);
    tools_->addWidget(widget);
    widget->show();
}

void TopBar::clearTools() {
    while (QLayoutItem* item = tools_->takeAt(0)) {
        if (item->widget()) item->widget()->hide();
        delete item;
    }
}

void TopBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), colour(Role::surface));
    painter.fillRect(QRect(0, height() - 1, width(), 1), colour(Role::border));
}

}  // namespace pilotlight::widgets
