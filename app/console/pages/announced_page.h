// A page whose subject this version cannot show yet: says what will be here, why it is not, and the one thing to do instead.
#pragma once

#include "app/console/pages/page.h"

namespace pilotlight::console {

class AnnouncedPage : public Page {
    Q_OBJECT
public:
    AnnouncedPage(Session& session, const QString& name, const QString& title, const QString& detail, const QString& action,
                  const QString& goes_to);
    [[nodiscard]] Heading heading() const override;
    [[nodiscard]] bool usesRange() const override { return false; }
};

}  // namespace pilotlight::console
