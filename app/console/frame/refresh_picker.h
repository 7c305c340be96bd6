// off / 10 s / 1 min / 5 min, and "now".
#pragma once

#include <QPushButton>

#include "app/console/session.h"

namespace pilotlight::console {

class RefreshPicker : public QPushButton {
    Q_OBJECT
public:
    RefreshPicker(Session& session, QWidget* parent = nullptr);

private:
    void showState();
    Session& session_;
};

}  // namespace pilotlight::console
