// A new profile: where to look, not what the secret is. Read-only unless the user says otherwise.
#pragma once

#include <QDialog>

#include "app/console/session.h"

class QFormLayout;
class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace pilotlight::widgets {
class Banner;
}

namespace pilotlight::console {

class AddConnectionDialog : public QDialog {
    Q_OBJECT
public:
    AddConnectionDialog(Session& session, QWidget* parent);
    // What the fields say; invalid_argument names what is off.
    [[nodiscard]] Result<Profile> profile() const;

private:
    void update();
    void showFields();
    void save();
    Session& session_;
    widgets::Banner* banner_;
    QLineEdit* name_;
    QComboBox* platform_;
    QLineEdit* regions_;
    QLineEdit *aws_profile_, *projects_, *subscription_;
    QFormLayout* form_ = nullptr;
    QLineEdit* endpoint_;
    QComboBox* environment_;
    QCheckBox* write_;
    QLabel* says_;
    QPushButton* add_;
    bool environment_touched_ = false;
};

}  // namespace pilotlight::console
