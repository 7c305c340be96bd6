// Theme, refreshing, motion; where the data is.
#pragma once

#include "app/console/pages/page.h"

class QComboBox;

namespace pilotlight::console {

class SettingsPage : public Page {
    Q_OBJECT
public:
    explicit SettingsPage(Session& session);
    [[nodiscard]] Heading heading() const override;
    [[nodiscard]] bool usesRange() const override { return false; }

private:
    void remember(const char* key, const QString& value);
    QComboBox* theme_;
    QComboBox* refresh_;
};

}  // namespace pilotlight::console
