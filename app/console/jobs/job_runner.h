// Everything slow runs here: threads that each hold their own Workspace. The GUI thread submits and receives; it never waits.
#pragma once

#include <QDateTime>
#include <QObject>
#include <QPointer>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/base/job_context.h"
#include "core/base/result.h"

class QThread;
class QTimer;

namespace pilotlight {
class Workspace;
}

namespace pilotlight::console {

using JobId = quint64;

// read: short looks at the store. compute: engines and searches. write: whatever takes the workspace's lock (sync, plans, changes), one
// at a time, so that this program never waits for itself.
enum class Lane { read, compute, write };

struct JobSpec {
    QString title;  // "Sync sandbox"; shown in the jobs panel
    Lane lane = Lane::read;
    bool visible = false;     // listed in the panel and counted in the status bar
    bool cancellable = true;  // false: once started it must end by itself (the middle of an apply)
    bool urgent = false;      // before others of its lane: a person is waiting
};

enum class JobState { queued, running, done, failed, cancelled };

// A copy of what is known of a job; cheap.
struct JobView {
    JobId id = 0;
    JobSpec spec;
    JobState state = JobState::queued;
    Progress progress;
    QDateTime started, ended;
    std::optional<Error> error;
    QString note;  // what it cost, once known: "312 calls, $0.02"
};

class JobRunner : public QObject {
    Q_OBJECT
public:
    // Called in each worker thread; the workspace it returns stays in that thread. A null pointer is handed on as it is (tests).
    using Opener = std::function<Result<std::shared_ptr<Workspace>>()>;
    explicit JobRunner(Opener opener, int readers = 2, int computers = 2, QObject* parent = nullptr);
    // Asks all jobs to stop and waits for them.
    ~JobRunner() override;

    // `done` runs on the GUI thread, in order of completion, unless `receiver` is gone by then. A cancelled job delivers `cancelled`.
    template <typename T>
    JobId run(JobSpec spec, std::function<Result<T>(Workspace&, const JobContext&)> work, QObject* receiver,
              std::function<void(Result<T>)> done) {
        return submit(std::move(spec),
                      [work = std::move(work), guard = QPointer<QObject>(receiver), done = std::move(done)](
                          const Result<std::shared_ptr<Workspace>>& workspace, const JobContext& job) -> Outcome {
                          std::shared_ptr<Result<T>> result;
                          if (auto status = job.check(); !status) {
                              result = std::make_shared<Result<T>>(fail(status.error()));
                          } else if (!workspace) {
                              result = std::make_shared<Result<T>>(fail(workspace.error()));
                          } else {
                              result = std::make_shared<Result<T>>(work(**workspace, job));
                          }
                          std::optional<Error> error;
                          if (!*result) error = result->error();
                          return {std::move(error), [guard, done, result] {
                                      if (guard && done) done(std::move(*result));
                                  }};
                      });
    }

    void cancel(JobId id);
    void cancelAll();  // cancellable ones only
    void setNote(JobId id, const QString& note);
    // Forget the ended ones.
    void clearEnded();

    [[nodiscard]] std::vector<JobView> visibleJobs() const;  // newest first, ended ones included until cleared (at most 50)
    [[nodiscard]] int activeVisible() const;
    [[nodiscard]] bool idle() const;  // nothing queued, running or undelivered

signals:
    void jobsChanged();  // a visible job began, moved on or ended; at most 10 a second
    void becameIdle();

private:
    struct Outcome {
        std::optional<Error> error;
        std::function<void()> deliver;
    };
    using Work = std::function<Outcome(const Result<std::shared_ptr<Workspace>>&, const JobContext&)>;
    struct Job;
    struct LaneQueue;

    JobId submit(JobSpec spec, Work work);
    void serve(LaneQueue& lane);
    void finished(const std::shared_ptr<Job>& job, const Outcome& outcome);
    void touch();

    Opener opener_;
    std::vector<std::unique_ptr<LaneQueue>> lanes_;
    std::vector<std::unique_ptr<QThread>> threads_;
    std::vector<std::shared_ptr<Job>> jobs_;  // GUI thread only
    QTimer* ticker_ = nullptr;
    bool dirty_ = false;
    JobId next_id_ = 1;
};

// Of several answers to the same question only the newest counts: a new run cancels the one before, whose answer is dropped.
class Latest {
public:
    explicit Latest(JobRunner& runner) : runner_(&runner) {}
    ~Latest() { cancel(); }
    Latest(const Latest&) = delete;
    Latest& operator=(const Latest&) = delete;

    template <typename T>
    JobId run(JobSpec spec, std::function<Result<T>(Workspace&, const JobContext&)> work, QObject* receiver,
              std::function<void(Result<T>)> done) {
        cancel();
        const quint64 mine = ++*generation_;
        current_ = runner_->run<T>(std::move(spec), std::move(work), receiver,
                                   [mine, generation = generation_, done = std::move(done)](Result<T> result) {
                                       if (mine == *generation) done(std::move(result));
                                   });
        return current_;
    }
    // The running one is stopped; its answer, should it come, is dropped.
    void cancel() {
        ++*generation_;
        if (runner_ && current_ != 0) runner_->cancel(current_);
        current_ = 0;
    }
    [[nodiscard]] quint64 generation() const { return *generation_; }

private:
    QPointer<JobRunner> runner_;
    std::shared_ptr<quint64> generation_ = std::make_shared<quint64>(0);
    JobId current_ = 0;
};

}  // namespace pilotlight::console
