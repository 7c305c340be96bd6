// A new profile: where to look, not what the secret is. Read-only unless the user says otherwise. Then what the first read costs, before it.
#pragma once

#include <QDialog>

#include "app/console/jobs/job_runner.h"
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
    // The connection is there: what the first read would cost, for the user to start or leave.
    void price(const QString& name);
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
    QPushButton *add_, *cancel_;
    QWidget* form_area_;
    QString added_;  // name of the connection; empty until it is there
    Latest price_job_;
    bool environment_touched_ = false;
};

}  // namespace pilotlight::console
