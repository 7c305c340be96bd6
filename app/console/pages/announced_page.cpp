#include "app/console/pages/announced_page.h"

#include "widgets/card.h"

namespace pilotlight::console {

using namespace widgets;

AnnouncedPage::AnnouncedPage(Session& session, const QString& name, const QString& title, const QString& detail, const QString& action,
                             const QString& goes_to)
    : Page(session, name) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::page, space::page, space::page, space::page);
    auto* card = new Card;
    card->setState(PanelState::empty(title, detail, action));
    connect(card, &Card::actionRequested, &session_, [this, goes_to] { emit session_.openPage(goes_to); });
    column->addWidget(card, 1);
}

Heading AnnouncedPage::heading() const { return {{name().left(1).toUpper() + name().mid(1)}, {}}; }

}  // namespace pilotlight::console
