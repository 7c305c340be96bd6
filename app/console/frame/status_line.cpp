#include "app/console/frame/status_line.h"

#include "app/console/models/words.h"
#include "widgets/format.h"
#include "widgets/jobs_panel.h"

namespace pilotlight::console {

namespace format = widgets::format;
using widgets::Role;
using Side = widgets::StatusStrip::Side;

QString jobDetail(const JobView& job) {
    QStringList facts;
    if (job.state < JobState::done) {
        facts << (job.state == JobState::queued ? QStringLiteral("waiting") : qs(job.progress.step));
        if (job.progress.items > 0) facts << format::integer(static_cast<double>(job.progress.items));
        if (job.progress.bytes > 0) facts << format::bytes(static_cast<double>(job.progress.bytes));
    } else {
        facts << (job.state == JobState::done        ? QStringLiteral("done")
                  : job.state == JobState::cancelled ? QStringLiteral("cancelled")
                                                     : QStringLiteral("failed"));
        facts << format::durationText(static_cast<double>(job.started.msecsTo(job.ended)));
        facts << job.note;
        if (job.error && job.state == JobState::failed) facts << qs(job.error->what);
    }
    facts.removeAll(QString());
    return facts.join(QStringLiteral(" · "));
}

JobListModel::JobListModel(JobRunner& jobs, QObject* parent) : QAbstractListModel(parent), jobs_(jobs) {
    connect(&jobs_, &JobRunner::jobsChanged, this, &JobListModel::show);
    show();
}

void JobListModel::show() {
    auto next = jobs_.visibleJobs();
    bool same = next.size() == rows_.size();
    for (std::size_t i = 0; same && i < next.size(); ++i) same = next[i].id == rows_[i].id;
    if (!same) {
        beginResetModel();
        rows_ = std::move(next);
        endResetModel();
        return;
    }
    rows_ = std::move(next);
    if (!rows_.empty()) emit dataChanged(index(0), index(static_cast<int>(rows_.size()) - 1));
}

int JobListModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(rows_.size()); }

QVariant JobListModel::data(const QModelIndex& index, int role) const {
    const auto& job = rows_[static_cast<std::size_t>(index.row())];
    switch (role) {
        case Qt::DisplayRole:
        case widgets::JobTitleRole:
            return job.spec.title;
        case widgets::JobDetailRole:
            return jobDetail(job);
        case widgets::JobProgressRole:
            return job.progress.fraction.value_or(-1.0);
        case widgets::JobStateRole:
            return static_cast<int>(job.state);  // the same order on both sides
        case widgets::JobCancellableRole:
            return job.state < JobState::done && job.spec.cancellable;
        case Qt::ToolTipRole:
            return job.error ? QVariant(qs(job.error->text())) : QVariant();
        default:
            return {};
    }
}

static_assert(int(JobState::queued) == int(widgets::JobState::waiting) && int(JobState::cancelled) == int(widgets::JobState::cancelled));

StatusLine::StatusLine(Session& session, widgets::StatusStrip& strip)
    : QObject(&strip), session_(session), strip_(strip), jobs_(new JobListModel(session.jobs(), this)) {
    // The order of first appearance is the order on the strip.
    strip_.setItem(QStringLiteral("jobs"), Side::right, QStringLiteral("no jobs"), true);
    strip_.setItem(QStringLiteral("basis"), Side::right, QStringLiteral(" "));
    strip_.setItem(QStringLiteral("meter"), Side::right, QStringLiteral(" "));
    strip_.setItem(QStringLiteral("palette"), Side::right, QStringLiteral("Ctrl+K"), true);
    connect(&session_, &Session::fleetChanged, this, &StatusLine::showFleet);
    connect(&session_.jobs(), &JobRunner::jobsChanged, this, &StatusLine::showJobs);
    connect(&strip_, &widgets::StatusStrip::clicked, this, [this](const QString& id) {
        if (id == QLatin1String("jobs")) openJobs();
        if (id == QLatin1String("profiles")) emit session_.openPage(QStringLiteral("connections"));
    });
    showFleet();
    showJobs();
}

void StatusLine::setBasis(const QString& text) { strip_.setItem(QStringLiteral("basis"), Side::right, text); }

void StatusLine::showFleet() {
    const auto& fleet = *session_.fleet();
    QStringList names;
    std::int64_t calls = 0;
    Money money;
    for (const auto& health : fleet.profiles) {
        names << qs(health.profile.name) + (health.profile.write ? QStringLiteral(" (write)") : QStringLiteral(" (read-only)"));
        calls += health.today.calls;
        money += health.today.money;
    }
    const QString who = !names.isEmpty()    ? names.join(QStringLiteral(", "))
                        : session_.loaded() ? QStringLiteral("nothing connected")
                                            : QStringLiteral("opening the workspace");
    strip_.setItem(QStringLiteral("profiles"), Side::left, who, true);
    const auto as_of = fleet.dataAsOf();
    strip_.setItem(QStringLiteral("as-of"), Side::left,
                   as_of ? QStringLiteral("data as of ") + format::time(*as_of, QTimeZone::utc()) : QString(), false, Role::muted,
                   as_of ? format::dateTime(*as_of, QTimeZone::utc()) + QStringLiteral(", ") + format::ago(*as_of, fleet.now) : QString());
    strip_.setItem(QStringLiteral("meter"), Side::right,
                   names.isEmpty()
                       ? QString()
                       : QStringLiteral("API today: %1 calls, %2").arg(format::integer(static_cast<double>(calls)), format::money(money)),
                   false, Role::muted, QStringLiteral("What reading and changing cost since 00:00 UTC, at list price"));
}

void StatusLine::showJobs() {
    const int active = session_.jobs().activeVisible();
    const auto jobs = session_.jobs().visibleJobs();
    bool failed = false;
    QString text = active == 0 ? QStringLiteral("no jobs") : QStringLiteral("%1 jobs").arg(active);
    double progress = -1;
    for (const auto& job : jobs) {
        failed = failed || job.state == JobState::failed;
        if (active != 1 || job.state >= JobState::done) continue;
        text = job.spec.title;
        progress = job.progress.fraction.value_or(-1);
    }
    if (active == 0 && failed) text = QStringLiteral("a job failed");
    strip_.setItem(QStringLiteral("jobs"), Side::right, text, true, active == 0 && failed ? Role::bad : Role::muted);
    strip_.setProgress(QStringLiteral("jobs"), progress);
}

void StatusLine::openJobs() {
    auto* panel = new widgets::JobsPanel(&strip_);
    panel->setWindowFlag(Qt::Popup);
    panel->setAttribute(Qt::WA_DeleteOnClose);
    panel->setModel(jobs_);
    connect(panel, &widgets::JobsPanel::cancelRequested, this,
            [this](const QModelIndex& index) { session_.jobs().cancel(jobs_->idOf(index)); });
    panel->resize(460, 320);
    panel->move(strip_.mapToGlobal(QPoint(strip_.width() - panel->width() - 12, -panel->height() - 4)));
    panel->show();
}

}  // namespace pilotlight::console
