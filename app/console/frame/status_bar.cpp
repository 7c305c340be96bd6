#include "app/console/frame/status_bar.h"

#include <QProgressBar>
#include <QScrollArea>
#include <QTimer>

#include "app/console/models/words.h"
#include "widgets/elided_label.h"
#include "widgets/format.h"

namespace pilotlight::console {

using namespace widgets;

StatusBar::StatusBar(Session& session, QWidget* parent) : QWidget(parent), session_(session) {
    setFixedHeight(28);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(space::page, 0, space::page, 0);
    row->setSpacing(space::l);
    profiles_ = makeLabel({}, Type::label, Role::muted);
    as_of_ = makeLabel({}, Type::label, Role::muted);
    basis_ = makeLabel({}, Type::label, Role::muted);
    meter_ = makeLabel({}, Type::label, Role::muted);
    jobs_ = new QPushButton;
    setButtonKind(jobs_, "flat");
    jobs_->setStyleSheet(QStringLiteral("min-height: 20px; font-size: 12px; padding: 0 6px"));
    auto* palette = new QPushButton(QStringLiteral("Ctrl+K"));
    setButtonKind(palette, "flat");
    palette->setStyleSheet(QStringLiteral("min-height: 20px; font-size: 12px; padding: 0 2px"));
    palette->setAccessibleName(QStringLiteral("Command palette"));
    row->addWidget(profiles_);
    row->addWidget(as_of_);
    row->addStretch(1);
    row->addWidget(jobs_);
    row->addWidget(basis_);
    row->addWidget(meter_);
    row->addWidget(palette);
    connect(palette, &QPushButton::clicked, this, &StatusBar::paletteRequested);
    connect(jobs_, &QPushButton::clicked, this, &StatusBar::openJobs);
    connect(&session_, &Session::fleetChanged, this, &StatusBar::showFleet);
    connect(&session_.jobs(), &JobRunner::jobsChanged, this, &StatusBar::showJobs);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    showFleet();
    showJobs();
}

void StatusBar::setBasis(const QString& text) {
    basis_->setText(text);
    basis_->setVisible(!text.isEmpty());
}

void StatusBar::showFleet() {
    const auto& fleet = *session_.fleet();
    QStringList names;
    std::int64_t calls = 0;
    Money money;
    for (const auto& health : fleet.profiles) {
        names << qs(health.profile.name) + (health.profile.write ? QStringLiteral(" (write)") : QStringLiteral(" (read-only)"));
        calls += health.today.calls;
        money += health.today.money;
    }
    profiles_->setText(names.isEmpty() ? (session_.loaded() ? QStringLiteral("nothing connected") : QString()) : names.join(QStringLiteral(", ")));
    const auto as_of = fleet.dataAsOf();
    as_of_->setText(as_of ? QStringLiteral("data as of ") + format::time(*as_of, QTimeZone::utc()) : QString());
    as_of_->setToolTip(as_of ? format::dateTime(*as_of, QTimeZone::utc()) + QStringLiteral(", ") + format::ago(*as_of, fleet.now) : QString());
    meter_->setText(names.isEmpty() ? QString()
                                    : QStringLiteral("API today: %1 calls, %2").arg(format::integer(static_cast<double>(calls)), format::money(money)));
    meter_->setToolTip(QStringLiteral("What reading and changing cost since 00:00 UTC, at list price"));
}

void StatusBar::showJobs() {
    const int active = session_.jobs().activeVisible();
    const auto jobs = session_.jobs().visibleJobs();
    bool failed = false;
    for (const auto& job : jobs) failed = failed || job.state == JobState::failed;
    QString text = active == 1 ? QStringLiteral("1 job") : QStringLiteral("%1 jobs").arg(active);
    for (const auto& job : jobs) {
        if (active != 1 || job.state >= JobState::done) continue;
        text = job.spec.title;
        if (job.progress.fraction) text += QLatin1Char(' ') + format::percent(*job.progress.fraction, 0);
    }
    if (active == 0) text = failed ? QStringLiteral("job failed") : QStringLiteral("no jobs");
    jobs_->setText(text);
    jobs_->setVisible(active > 0 || !jobs.empty());
}

void StatusBar::openJobs() {
    auto* panel = new JobsPanel(session_, this);
    panel->adjustSize();
    panel->move(jobs_->mapToGlobal(QPoint(jobs_->width() - panel->width(), -panel->height() - 4)));
    panel->QWidget::show();
}

void StatusBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), colour(Role::surface));
    painter.fillRect(QRect(0, 0, width(), 1), colour(Role::border));
}

JobsPanel::JobsPanel(Session& session, QWidget* parent) : QFrame(parent, Qt::Popup), session_(session) {
    setObjectName(QStringLiteral("popup"));
    setAttribute(Qt::WA_DeleteOnClose);
    setFixedWidth(460);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(14, 12, 14, 12);
    column->setSpacing(space::s);
    auto* head = new QHBoxLayout;
    head->addWidget(makeLabel(QStringLiteral("Jobs"), Type::body, Role::text, 600));
    head->addStretch(1);
    auto* clear = new QPushButton(QStringLiteral("Clear ended"));
    setButtonKind(clear, "flat");
    connect(clear, &QPushButton::clicked, this, [this] { session_.jobs().clearEnded(); });
    head->addWidget(clear);
    column->addLayout(head);
    rows_ = new QVBoxLayout;
    rows_->setSpacing(10);
    column->addLayout(rows_);
    connect(&session_.jobs(), &JobRunner::jobsChanged, this, &JobsPanel::show);
    show();
}

void JobsPanel::show() {
    while (auto* item = rows_->takeAt(0)) {
        if (item->widget()) item->widget()->deleteLater();
        delete item;
    }
    const auto jobs = session_.jobs().visibleJobs();
    if (jobs.empty()) rows_->addWidget(makeLabel(QStringLiteral("Nothing has run yet."), Type::label, Role::muted));
    int shown = 0;
    for (const auto& job : jobs) {
        if (++shown > 8) break;
        auto* row = new QWidget;
        auto* grid = new QGridLayout(row);
        grid->setContentsMargins(0, 0, 0, 0);
        grid->setVerticalSpacing(3);
        grid->setColumnStretch(0, 1);
        grid->addWidget(new ElidedLabel(job.spec.title), 0, 0);
        const bool active = job.state < JobState::done;
        QStringList facts;
        if (active) {
            facts << (job.state == JobState::queued ? QStringLiteral("waiting") : qs(job.progress.step));
            if (job.progress.items > 0) facts << format::integer(static_cast<double>(job.progress.items));
            if (job.progress.bytes > 0) facts << format::bytes(static_cast<double>(job.progress.bytes));
        } else {
            facts << (job.state == JobState::done ? QStringLiteral("done") : job.state == JobState::cancelled ? QStringLiteral("cancelled") : QStringLiteral("failed"));
            facts << format::durationText(static_cast<double>(job.started.msecsTo(job.ended)));
            if (!job.note.isEmpty()) facts << job.note;
            if (job.error && job.state == JobState::failed) facts << qs(job.error->what);
        }
        facts.removeAll(QString());
        auto* says = new ElidedLabel(facts.join(QStringLiteral(" · ")), Type::label, job.state == JobState::failed ? Role::bad : Role::muted);
        grid->addWidget(says, 1, 0);
        if (active && job.spec.cancellable) {
            auto* stop = new QPushButton(QStringLiteral("Cancel"));
            connect(stop, &QPushButton::clicked, this, [this, id = job.id] { session_.jobs().cancel(id); });
            grid->addWidget(stop, 0, 1, 2, 1);
        }
        if (active) {
            auto* bar = new QProgressBar;
            bar->setTextVisible(false);
            bar->setRange(0, job.progress.fraction ? 1000 : 0);
            if (job.progress.fraction) bar->setValue(static_cast<int>(*job.progress.fraction * 1000));
            grid->addWidget(bar, 2, 0, 1, 2);
        }
        rows_->addWidget(row);
    }
    adjustSize();
}

} // namespace pilotlight::console
