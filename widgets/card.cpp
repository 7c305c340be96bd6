#include "widgets/card.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

#include "widgets/elided_label.h"

namespace pilotlight::widgets {

void paintCard(QPainter& painter, const QRectF& rect) {
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(colour(Role::border), 1));
    painter.setBrush(colour(Role::surface));
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), kCardRadius, kCardRadius);
}

QWidget* makeRule(QWidget* parent) {
    auto* rule = new QFrame(parent);
    rule->setObjectName(QStringLiteral("rule"));
    rule->setFixedHeight(1);
    return rule;
}

Card::Card(const QString& title, const QString& caption, QWidget* parent)
    : QWidget(parent),
      title_(new ElidedLabel(title, Type::body, Role::text, 600, this)),
      caption_(new ElidedLabel(caption, Type::label, Role::muted, 400, this)),
      header_(new QWidget(this)),
      banner_(new Banner(this)),
      content_(new QWidget(this)),
      body_(new QVBoxLayout(content_)),
      state_view_(new StateView(this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::card_x, space::card_y, space::card_x, space::card_y);
    layout->setSpacing(space::s);
    auto* header = new QHBoxLayout(header_);
    header->setContentsMargins(0, 0, 0, 0);
    header->setSpacing(space::s);
    title_->setSizePolicy(QSizePolicy::Minimum, QSizePolicy::Fixed);
    header->addWidget(title_);
    header->addWidget(caption_, 1);
    tools_ = new QHBoxLayout;
    tools_->setContentsMargins(0, 0, 0, 0);
    tools_->setSpacing(space::s);
    header->addLayout(tools_);
    header_->setMinimumHeight(20);
    layout->addWidget(header_);
    layout->addWidget(banner_);
    body_->setContentsMargins(0, 0, 0, 0);
    body_->setSpacing(space::s);
    layout->addWidget(content_, 1);
    layout->addWidget(state_view_, 1);
    state_view_->hide();
    connect(state_view_, &StateView::actionRequested, this, &Card::actionRequested);
    connect(state_view_, &StateView::cancelRequested, this, &Card::cancelRequested);
    connect(banner_, &Banner::actionRequested, this, &Card::actionRequested);
    connect(&Theme::instance(), &Theme::changed, this, [this] { update(); });
    QSizePolicy keep = content_->sizePolicy();
    keep.setRetainSizeWhenHidden(false);
    content_->setSizePolicy(keep);
    setAccessibleName(title);
    updateHeader();
}

void Card::setTitle(const QString& title) {
    title_->setText(title);
    setAccessibleName(title);
    updateHeader();
}

void Card::setCaption(const QString& caption) {
    caption_->setText(caption);
    updateHeader();
}

void Card::setCaptionToolTip(const QString& text) { caption_->setToolTip(text); }

void Card::addTool(QWidget* widget) {
    tools_->addWidget(widget);
    updateHeader();
}

void Card::setState(const PanelState& state) {
    banner_->setState(state);
    const bool content = state.keepsContent();
    if (!content) {
        // The panel keeps the height that its content needs, so that the page does not jump; not the height that it was given: that
        // would make a window grow.
        state_view_->setMinimumHeight(std::min(content_->minimumSizeHint().height(), 400));
        state_view_->setState(state);
    } else {
        state_view_->setState(PanelState::content());
    }
    content_->setVisible(content);
    state_view_->setVisible(!content);
}

void Card::setPlain(bool plain) {
    plain_ = plain;
    const int x = plain ? 0 : space::card_x, y = plain ? 0 : space::card_y;
    layout()->setContentsMargins(x, y, x, y);
    update();
}

void Card::updateHeader() { header_->setVisible(!title_->text().isEmpty() || !caption_->text().isEmpty() || tools_->count() > 0); }

void Card::paintEvent(QPaintEvent*) {
    if (plain_) return;
    QPainter painter(this);
    paintCard(painter, rect());
}

}  // namespace pilotlight::widgets
