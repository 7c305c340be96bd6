// 3 px on top of every window and dialog: how dangerous it is to act here. Hatched when all that is shown is read-only.
#pragma once

#include <QWidget>
#include <optional>

#include "core/domain/function.h"

namespace pilotlight::console {

class ColourBand : public QWidget {
    Q_OBJECT
public:
    explicit ColourBand(QWidget* parent = nullptr);
    // nullopt = nothing connected: neutral.
    void setEnvironment(std::optional<Environment> environment, bool read_only);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::optional<Environment> environment_;
    bool read_only_ = true;
};

} // namespace pilotlight::console
