// Fills the status strip and the jobs panel from the session.
#pragma once

#include <QAbstractListModel>

#include "app/console/session.h"
#include "widgets/status_strip.h"

namespace pilotlight::console {

class JobListModel : public QAbstractListModel {
    Q_OBJECT
public:
    explicit JobListModel(JobRunner& jobs, QObject* parent = nullptr);
    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] JobId idOf(const QModelIndex& index) const { return rows_[static_cast<std::size_t>(index.row())].id; }

private:
    void show();
    JobRunner& jobs_;
    std::vector<JobView> rows_;
};

// "Metrics, us-east-1 · 12,000 · 2.1 MB", "done · 3.2 s · 312 calls, $0.02".
[[nodiscard]] QString jobDetail(const JobView& job);

class StatusLine : public QObject {
    Q_OBJECT
public:
    StatusLine(Session& session, widgets::StatusStrip& strip);
    void setBasis(const QString& text);

private:
    void showFleet();
    void showJobs();
    void openJobs();
    Session& session_;
    widgets::StatusStrip& strip_;
    JobListModel* jobs_;
};

}  // namespace pilotlight::console
