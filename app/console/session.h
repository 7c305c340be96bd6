// What all pages share: jobs, the fleet as last read, the time range, refreshing, and where to go next. GUI thread only.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <memory>
#include <optional>

#include "app/common/thread_pool.h"
#include "app/console/fleet.h"
#include "app/console/jobs/job_runner.h"
#include "app/console/jobs/store_watcher.h"

class QTimer;

namespace pilotlight::console {

struct SessionOptions {
    std::string workspace;     // directory; empty = default
    bool temporary = false;    // sandbox data that goes when the program ends
    int refresh_seconds = 60;  // 0 = off
    JobRunner::Opener opener;  // tests; empty = Workspace::open
};

class Session : public QObject {
    Q_OBJECT
public:
    explicit Session(SessionOptions options, QObject* parent = nullptr);
    ~Session() override;

    void start();  // first read, watcher, refresher
    [[nodiscard]] JobRunner& jobs() { return *jobs_; }
    [[nodiscard]] const SessionOptions& options() const { return options_; }

    // Never null; empty before the first read.
    [[nodiscard]] const std::shared_ptr<const Fleet>& fleet() const { return fleet_; }
    [[nodiscard]] bool loaded() const { return loaded_; }
    [[nodiscard]] const std::optional<Error>& loadError() const { return load_error_; }

    [[nodiscard]] const RangeText& range() const { return range_; }
    // Errors where the words are off; then nothing changes.
    Status setRange(const RangeText& range);
    // Whether costs of the range before are read and shown, too.
    [[nodiscard]] bool compare() const { return compare_; }
    void setCompare(bool compare);
    // Charts and ranges are shown in UTC, as bills are, or in local time.
    [[nodiscard]] bool utc() const { return utc_; }
    void setUtc(bool utc);
    [[nodiscard]] Timestamp now() const;  // on the data's clock, moved on since the last read

    // Why settings may not be changed through this profile; empty = they may.
    [[nodiscard]] QString readOnlyReason(const std::string& profile) const;
    [[nodiscard]] Environment environmentOf(const std::string& profile) const;
    [[nodiscard]] bool allReadOnly() const;
    [[nodiscard]] std::optional<Environment> worstEnvironment() const;  // nullopt = no profile

    [[nodiscard]] int refreshSeconds() const { return options_.refresh_seconds; }
    void setRefreshSeconds(int seconds);
    // A person is about to change something: a refresh that runs by itself gives way (it resumes where it was).
    void makeWay();
    [[nodiscard]] bool syncing() const { return syncing_ > 0; }
    // What one read of a connection asks for: fourteen days, logs up to the default budget.
    [[nodiscard]] static sync::SyncOptions whatIsRead(Timestamp now);

public slots:
    void reload();                              // reads the fleet again
    void syncNow(const QString& profile = {});  // empty = all
    void recommendNow();
    void cancelJobs();

signals:
    void fleetChanged();
    void rangeChanged();
    void storeChanged(pilotlight::console::StoreChange what);
    void syncChanged();  // began or ended
    void refreshChanged();
    void openPage(const QString& page);
    void openFunction(const QString& id, const QString& tab);  // tab: metrics, whatif, recommendations, history
    void openChange(const QString& change_id);
    // An error that belongs to no panel; shown once in the banner. An empty text clears it.
    void reported(const QString& text, const QString& detail);

private:
    void readFleetNow();
    // `automatic`: only connections that were read before; gives way to a person's changes.
    void readAgain(const QString& profile, bool automatic);
    void syncEnded(const Result<std::vector<sync::SyncReport>>& result, JobId job);

    SessionOptions options_;
    std::unique_ptr<common::ThreadPool> pool_;
    std::unique_ptr<JobRunner> jobs_;
    std::unique_ptr<StoreWatcher> watcher_;
    std::unique_ptr<Latest> fleet_job_;
    std::shared_ptr<const Fleet> fleet_;
    std::optional<Error> load_error_;
    RangeText range_;
    bool compare_ = false;
    bool utc_ = true;
    QTimer* refresh_ = nullptr;
    QTimer* reload_later_ = nullptr;  // changes that come in a burst are read once
    QElapsedTimer reading_since_;
    qint64 read_took_ms_ = 0;
    bool reading_ = false, read_again_ = false;
    QElapsedTimer since_read_;
    std::optional<std::pair<Timestamp, qint64>> earlier_now_;  // to estimate how fast the data's clock runs
    double speed_ = 1;
    bool loaded_ = false;
    bool recommending_ = false, recommend_again_ = false;
    bool automatic_ = false;
    int syncing_ = 0;
    JobId sync_job_ = 0;
};

}  // namespace pilotlight::console
