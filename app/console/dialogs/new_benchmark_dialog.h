// What to measure on this machine: a model or a handler, for which platform's sizes, and for how long.
#pragma once

#include <QDialog>

#include "app/console/session.h"
#include "core/bench/campaign.h"

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace pilotlight::console {

class NewBenchmarkDialog : public QDialog {
    Q_OBJECT
public:
    explicit NewBenchmarkDialog(QWidget* parent);
    // What the fields say, complete with sizes, counts and price; invalid_argument names what is off.
    [[nodiscard]] Result<bench::CampaignPlan> plan() const;
    void setModel(const QString& path);

private:
    [[nodiscard]] bench::Target::Kind kind() const;
    void showFields();
    void update();
    void browse(class QLineEdit* field, const QString& title, const QString& filter);
    QComboBox *kind_, *platform_, *length_;
    QLineEdit *model_, *command_, *path_, *input_, *sizes_, *threads_, *batch_, *concurrency_, *agent_;
    QCheckBox* spin_;
    QFormLayout* form_;
    QLabel* says_;
    QPushButton* start_;
};

}  // namespace pilotlight::console
