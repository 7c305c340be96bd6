#include "app/console/session.h"

#include <QTimer>
#include <algorithm>

#include "app/console/models/words.h"
#include "core/workspace.h"
#include "widgets/format.h"

namespace pilotlight::console {

namespace format = widgets::format;

Session::Session(SessionOptions options, QObject* parent)
    : QObject(parent), options_(std::move(options)), fleet_(std::make_shared<Fleet>()) {
    pool_ = std::make_unique<common::ThreadPool>();
    auto opener = options_.opener;
    if (!opener) {
        opener = [directory = options_.workspace, pool = pool_.get()]() -> Result<std::shared_ptr<Workspace>> {
            auto workspace = Workspace::open({directory, "pilotlight"}, *pool);
            if (!workspace) return fail(workspace.error());
            return std::make_shared<Workspace>(std::move(*workspace));
        };
    }
    jobs_ = std::make_unique<JobRunner>(std::move(opener));
    watcher_ = std::make_unique<StoreWatcher>(*jobs_);
    fleet_job_ = std::make_unique<Latest>(*jobs_);
    refresh_ = new QTimer(this);
    connect(refresh_, &QTimer::timeout, this, [this] {
        if (!syncing()) readAgain({}, true);
    });
    reload_later_ = new QTimer(this);
    reload_later_->setSingleShot(true);
    connect(reload_later_, &QTimer::timeout, this, &Session::readFleetNow);
    connect(watcher_.get(), &StoreWatcher::changed, this, [this](StoreChange what) {
        reload();
        emit storeChanged(what);
    });
}

Session::~Session() {
    // Workers first: they use the pool and the rest.
    fleet_job_.reset();
    watcher_.reset();
    jobs_.reset();
    pool_.reset();
}

void Session::start() {
    watcher_->start();
    setRefreshSeconds(options_.refresh_seconds);
}

Status Session::setRange(const RangeText& range) {
    if (auto evaluated = range.evaluate(now()); !evaluated) return fail(evaluated.error());
    if (range == range_) return {};
    range_ = range;
    emit rangeChanged();
    reading_ = false;  // the answer for the old range is dropped
    readFleetNow();
    return {};
}

void Session::setUtc(bool utc) {
    if (utc == utc_) return;
    utc_ = utc;
    emit rangeChanged();
}

Timestamp Session::now() const {
    if (!loaded_) return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
    return fleet_->now + milliseconds(static_cast<std::int64_t>(static_cast<double>(since_read_.elapsed()) * speed_));
}

void Session::reload() {
    if (reading_) {
        read_again_ = true;
        return;
    }
    // While a sync writes page after page, reading takes at most a fifth of the time.
    const qint64 wait = reading_since_.isValid() ? std::clamp<qint64>(5 * read_took_ms_ - reading_since_.elapsed(), 0, 10'000) : 0;
    if (!reload_later_->isActive()) reload_later_->start(static_cast<int>(syncing() ? wait : 0));
}

void Session::setCompare(bool compare) {
    if (compare == compare_) return;
    compare_ = compare;
    readFleetNow();
}

void Session::readFleetNow() {
    reading_ = true;
    reading_since_.restart();
    fleet_job_->run<std::shared_ptr<const Fleet>>(
        {QStringLiteral("Read the fleet"), Lane::read},
        [range = range_, compare = compare_](Workspace& workspace, const JobContext& job) { return readFleet(workspace, range, compare, job); }, this,
        [this](Result<std::shared_ptr<const Fleet>> fleet) {
            reading_ = false;
            read_took_ms_ = reading_since_.elapsed();
            if (std::exchange(read_again_, false)) reload();
            if (!fleet) {
                if (fleet.error().code == ErrorCode::cancelled) return;
                load_error_ = fleet.error();
                emit fleetChanged();
                return;
            }
            load_error_.reset();
            if (loaded_ && since_read_.elapsed() > 2'000) {
                const double moved = static_cast<double>(((*fleet)->now - fleet_->now).count());
                speed_ = std::clamp(moved / static_cast<double>(since_read_.elapsed()), 1.0, 10'000.0);
                if (speed_ < 1.5) speed_ = 1;
            }
            since_read_.restart();
            fleet_ = std::move(*fleet);
            loaded_ = true;
            emit fleetChanged();
        });
}

QString Session::readOnlyReason(const std::string& profile) const {
    const auto* health = fleet_->profile(profile);
    if (health == nullptr) return QStringLiteral("The connection %1 is not there any more").arg(qs(profile));
    if (health->profile.write) return {};
    return QStringLiteral("%1 is read-only. Allow writing under Connections to change settings.").arg(qs(profile));
}

Environment Session::environmentOf(const std::string& profile) const {
    const auto* health = fleet_->profile(profile);
    return health ? health->profile.environment : Environment::production;
}

bool Session::allReadOnly() const {
    return std::none_of(fleet_->profiles.begin(), fleet_->profiles.end(), [](const auto& health) { return health.profile.write; });
}

std::optional<Environment> Session::worstEnvironment() const {
    std::optional<Environment> worst;
    for (const auto& health : fleet_->profiles) {
        if (!worst || health.profile.environment > *worst) worst = health.profile.environment;
    }
    return worst;
}

void Session::setRefreshSeconds(int seconds) {
    options_.refresh_seconds = seconds;
    if (seconds > 0) {
        refresh_->start(seconds * 1000);
    } else {
        refresh_->stop();
    }
    emit refreshChanged();
}

sync::SyncOptions Session::whatIsRead(Timestamp now) {
    sync::SyncOptions options;
    options.range = {now - hours(24 * 14), now};
    return options;
}

void Session::syncNow(const QString& profile) {
    if (!syncing()) readAgain(profile, false);
}

void Session::readAgain(const QString& profile, bool automatic) {
    ++syncing_;
    automatic_ = automatic;
    emit syncChanged();
    const std::string name = profile.toStdString();
    sync_job_ = jobs_->run<std::vector<sync::SyncReport>>(
        {profile.isEmpty() ? QStringLiteral("Read all connections") : QStringLiteral("Read %1").arg(profile), Lane::write, true},
        [name, automatic](Workspace& workspace, const JobContext& job) -> Result<std::vector<sync::SyncReport>> {
            std::vector<sync::SyncReport> reports;
            PILOTLIGHT_ASSIGN(const auto profiles, workspace.profiles());
            std::optional<Error> failed;
            for (const auto& health : profiles) {
                if (!name.empty() && health.profile.name != name) continue;
                if (automatic && !health.last_sync) continue;  // the first read costs most: a person starts it
                PILOTLIGHT_TRY(job.check());
                auto got = workspace.sync(health.profile.name, whatIsRead(workspace.clockOf(health.profile.name)->now()), job);
                if (!got) {
                    if (got.error().code == ErrorCode::cancelled) return fail(got.error());
                    failed = got.error();  // one connection failing does not stop the rest
                    continue;
                }
                reports.insert(reports.end(), got->begin(), got->end());
            }
            if (reports.empty() && failed) return fail(*failed);
            return reports;
        },
        this, [this](Result<std::vector<sync::SyncReport>> result) { syncEnded(result, sync_job_); });
}

void Session::syncEnded(const Result<std::vector<sync::SyncReport>>& result, JobId job) {
    --syncing_;
    emit syncChanged();
    if (!result) {
        if (result.error().code != ErrorCode::cancelled) {
            emit reported(qs(result.error().what), qs(result.error().text()));
        }
        return;
    }
    std::int64_t calls = 0, points = 0;
    Money money;
    for (const auto& report : *result) {
        calls += report.calls;
        money += report.money;
        points += report.points + report.invocations;
    }
    jobs_->setNote(job, QStringLiteral("%1 calls, %2").arg(format::integer(static_cast<double>(calls)), format::money(money)));
    emit reported({}, {});
    watcher_->look();
    if (points > 0) recommendNow();
}

void Session::recommendNow() {
    if (recommending_) {
        recommend_again_ = true;
        return;
    }
    recommending_ = true;
    jobs_->run<std::vector<Recommendation>>(
        {QStringLiteral("Judge all functions"), Lane::write, true},
        [](Workspace& workspace, const JobContext& job) { return workspace.recommend({}, job); }, this,
        [this](Result<std::vector<Recommendation>> result) {
            recommending_ = false;
            if (!result && result.error().code != ErrorCode::cancelled && result.error().code != ErrorCode::not_found) {
                emit reported(qs(result.error().what), qs(result.error().text()));
            }
            watcher_->look();
            reload();
            if (std::exchange(recommend_again_, false)) recommendNow();
        });
}

void Session::makeWay() {
    if (syncing() && automatic_) jobs_->cancel(sync_job_);
}

void Session::cancelJobs() { jobs_->cancelAll(); }

}  // namespace pilotlight::console
