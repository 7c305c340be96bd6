#include "app/console/jobs/store_watcher.h"

#include <QTimer>

#include "core/workspace.h"

namespace pilotlight::console {

StoreChange StoreChange::between(const store::DataVersion& before, const store::DataVersion& after) {
    return {before.functions != after.functions, before.metrics != after.metrics, before.invocations != after.invocations,
            before.costs != after.costs,         before.changes != after.changes, before.settings != after.settings};
}

StoreWatcher::StoreWatcher(JobRunner& jobs, QObject* parent) : QObject(parent), jobs_(jobs), timer_(new QTimer(this)) {
    connect(timer_, &QTimer::timeout, this, [this] { look(); });
}

void StoreWatcher::start(int every_ms) {
    timer_->start(every_ms);
    look();
}

void StoreWatcher::look() {
    if (looking_) {
        again_ = true;
        return;
    }
    looking_ = true;
    jobs_.run<store::DataVersion>(
        {QStringLiteral("Look for new data"), Lane::read}, [](Workspace& workspace, const JobContext&) { return workspace.version(); },
        this,
        [this](Result<store::DataVersion> version) {
            looking_ = false;
            if (version) {
                const auto what = first_ ? StoreChange::all() : StoreChange::between(seen_, *version);
                first_ = false;
                seen_ = *version;
                if (what.any()) emit changed(what);
            } else if (first_ && !std::exchange(failed_, true)) {
                emit changed(StoreChange::all());  // whoever reads next meets the error and shows it
            }
            if (std::exchange(again_, false)) look();
        });
}

}  // namespace pilotlight::console
