// Profile and mode, "data as of", jobs, what the model rests on, API calls and money today.
#pragma once

#include <QFrame>
#include <QWidget>

#include "app/console/session.h"

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace pilotlight::console {

class StatusBar : public QWidget {
    Q_OBJECT
public:
    explicit StatusBar(Session& session, QWidget* parent = nullptr);
    void setBasis(const QString& text);

signals:
    void paletteRequested();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void showFleet();
    void showJobs();
    void openJobs();
    Session& session_;
    QLabel* profiles_;
    QLabel* as_of_;
    QLabel* basis_;
    QLabel* meter_;
    QPushButton* jobs_;
};

// Every job with progress, bytes, cost and cancel.
class JobsPanel : public QFrame {
    Q_OBJECT
public:
    JobsPanel(Session& session, QWidget* parent);

private:
    void show();
    Session& session_;
    QVBoxLayout* rows_;
};

} // namespace pilotlight::console
