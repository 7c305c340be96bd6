// Notices that the workspace's data changed, whoever wrote it (this program, the CLI, another console).
#pragma once

#include <QObject>

#include "app/console/jobs/job_runner.h"
#include "core/store/store.h"

class QTimer;

namespace pilotlight::console {

// Which parts are new since the last look.
struct StoreChange {
    bool functions = false, metrics = false, invocations = false, costs = false, changes = false, settings = false;
    [[nodiscard]] bool any() const { return functions || metrics || invocations || costs || changes || settings; }
    [[nodiscard]] static StoreChange all() { return {true, true, true, true, true, true}; }
    [[nodiscard]] static StoreChange between(const store::DataVersion& before, const store::DataVersion& after);
};

class StoreWatcher : public QObject {
    Q_OBJECT
public:
    StoreWatcher(JobRunner& jobs, QObject* parent = nullptr);
    void start(int every_ms = 1000);
    // Looks at once, e.g. after a job of ours has written.
    void look();

signals:
    void changed(pilotlight::console::StoreChange what);

private:
    JobRunner& jobs_;
    QTimer* timer_;
    store::DataVersion seen_;
    bool looking_ = false, again_ = false, first_ = true, failed_ = false;
};

}  // namespace pilotlight::console
