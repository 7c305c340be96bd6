// Puts back what was there before a change; typed confirm in production.
#pragma once

#include <QDialog>

#include "app/console/dialogs/confirm_gate.h"
#include "app/console/session.h"

class QLineEdit;
class QPushButton;

namespace pilotlight::widgets {
class Banner;
}

namespace pilotlight::console {

class RevertDialog : public QDialog {
    Q_OBJECT
public:
    RevertDialog(Session& session, Change change, QWidget* parent);

private:
    void updateGate();
    void send();
    Session& session_;
    Change change_;
    ConfirmGate gate_;
    widgets::Banner* banner_;
    QLineEdit* confirm_ = nullptr;
    QPushButton* revert_;
    bool sending_ = false;
};

}  // namespace pilotlight::console
