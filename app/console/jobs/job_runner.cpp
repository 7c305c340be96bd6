#include "app/console/jobs/job_runner.h"

#include <QThread>
#include <QTimer>
#include <algorithm>
#include <condition_variable>

namespace pilotlight::console {

struct JobRunner::Job {
    JobId id = 0;
    JobSpec spec;
    Work work;
    std::stop_source stop;
    QDateTime started, ended;
    std::optional<Error> error;
    QString note;
    JobState state = JobState::queued;
    // Written by the worker, read by the GUI thread.
    std::mutex mutex;
    Progress progress;
    bool progressed = false;
    bool running = false;
};

struct JobRunner::LaneQueue {
    Lane lane = Lane::read;
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::shared_ptr<Job>> queue;
    bool ending = false;
};

JobRunner::JobRunner(Opener opener, int readers, int computers, QObject* parent) : QObject(parent), opener_(std::move(opener)) {
    for (const auto& [kind, count] : {std::pair{Lane::read, readers}, std::pair{Lane::compute, computers}, std::pair{Lane::write, 1}}) {
        auto lane = std::make_unique<LaneQueue>();
        lane->lane = kind;
        auto* queue = lane.get();
        lanes_.push_back(std::move(lane));
        for (int i = 0; i < count; ++i) {
            threads_.emplace_back(QThread::create([this, queue] { serve(*queue); }));
            threads_.back()->setObjectName(kind == Lane::read ? "read" : kind == Lane::compute ? "compute" : "write");
            threads_.back()->start();
        }
    }
    ticker_ = new QTimer(this);
    ticker_->setInterval(100);
    connect(ticker_, &QTimer::timeout, this, [this] {
        bool moved = dirty_, active = false;
        for (const auto& job : jobs_) {
            if (job->state != JobState::queued && job->state != JobState::running) continue;
            active = true;
            const std::lock_guard lock(job->mutex);
            if (job->running && job->state == JobState::queued) {
                job->state = JobState::running;
                moved = true;
            }
            moved = moved || (job->progressed && job->spec.visible);
            job->progressed = false;
        }
        dirty_ = false;
        if (!active) ticker_->stop();
        if (moved) emit jobsChanged();
    });
}

JobRunner::~JobRunner() {
    for (const auto& job : jobs_) job->stop.request_stop();
    for (const auto& lane : lanes_) {
        const std::lock_guard lock(lane->mutex);
        lane->ending = true;
        lane->queue.clear();
        lane->wake.notify_all();
    }
    for (const auto& thread : threads_) thread->wait();
}

JobId JobRunner::submit(JobSpec spec, Work work) {
    auto job = std::make_shared<Job>();
    job->id = next_id_++;
    job->spec = std::move(spec);
    job->work = std::move(work);
    job->started = QDateTime::currentDateTimeUtc();
    jobs_.push_back(job);
    auto& lane = *lanes_[static_cast<std::size_t>(job->spec.lane)];
    {
        const std::lock_guard lock(lane.mutex);
        job->spec.urgent ? lane.queue.push_front(job) : lane.queue.push_back(job);
    }
    lane.wake.notify_one();
    touch();
    return job->id;
}

void JobRunner::touch() {
    dirty_ = true;
    if (!ticker_->isActive()) ticker_->start();
}

void JobRunner::serve(LaneQueue& lane) {
    Result<std::shared_ptr<Workspace>> workspace = std::shared_ptr<Workspace>();
    bool opened = false;
    for (;;) {
        std::shared_ptr<Job> job;
        {
            std::unique_lock lock(lane.mutex);
            lane.wake.wait(lock, [&] { return lane.ending || !lane.queue.empty(); });
            if (lane.ending) return;
            job = std::move(lane.queue.front());
            lane.queue.pop_front();
        }
        if (!opened || !workspace) {  // a workspace that could not be opened is tried again for every job
            workspace = opener_();
            opened = true;
        }
        const JobContext context(job->stop.get_token(), [raw = job.get()](const Progress& progress) {
            const std::lock_guard lock(raw->mutex);
            raw->progress = progress;
            raw->progressed = true;
        });
        {
            const std::lock_guard lock(job->mutex);
            job->running = true;
        }
        auto outcome = std::make_shared<Outcome>(job->work(workspace, context));
        job->work = nullptr;
        QMetaObject::invokeMethod(this, [this, job, outcome] { finished(job, *outcome); }, Qt::QueuedConnection);
    }
}

void JobRunner::finished(const std::shared_ptr<Job>& job, const Outcome& outcome) {
    job->ended = QDateTime::currentDateTimeUtc();
    job->error = outcome.error;
    job->state = !outcome.error ? JobState::done : outcome.error->code == ErrorCode::cancelled ? JobState::cancelled : JobState::failed;
    if (!job->spec.visible) std::erase(jobs_, job);
    int ended = 0;
    for (auto it = jobs_.rbegin(); it != jobs_.rend(); ++it) {
        if ((*it)->state >= JobState::done && ++ended > 50) *it = nullptr;
    }
    std::erase(jobs_, nullptr);
    touch();
    if (outcome.deliver) outcome.deliver();
    if (idle()) emit becameIdle();
}

void JobRunner::cancel(JobId id) {
    for (const auto& job : jobs_) {
        if (job->id == id && job->spec.cancellable) job->stop.request_stop();
    }
}

void JobRunner::cancelAll() {
    for (const auto& job : jobs_) {
        if (job->spec.cancellable) job->stop.request_stop();
    }
}

void JobRunner::setNote(JobId id, const QString& note) {
    for (const auto& job : jobs_) {
        if (job->id == id) job->note = note;
    }
    touch();
}

void JobRunner::clearEnded() {
    std::erase_if(jobs_, [](const auto& job) { return job->state >= JobState::done; });
    touch();
}

std::vector<JobView> JobRunner::visibleJobs() const {
    std::vector<JobView> views;
    for (auto it = jobs_.rbegin(); it != jobs_.rend(); ++it) {
        auto& job = **it;
        if (!job.spec.visible) continue;
        const std::lock_guard lock(job.mutex);
        const auto state = job.state == JobState::queued && job.running ? JobState::running : job.state;
        views.push_back({job.id, job.spec, state, job.progress, job.started, job.ended, job.error, job.note});
    }
    return views;
}

int JobRunner::activeVisible() const {
    return static_cast<int>(
        std::count_if(jobs_.begin(), jobs_.end(), [](const auto& job) { return job->spec.visible && job->state < JobState::done; }));
}

bool JobRunner::idle() const {
    return std::none_of(jobs_.begin(), jobs_.end(), [](const auto& job) { return job->state < JobState::done; });
}

}  // namespace pilotlight::console
