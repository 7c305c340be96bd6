#include <QSignalSpy>
#include <QTest>
#include <QThread>
#include <atomic>

#include "app/common/thread_pool.h"
#include "app/console/jobs/job_runner.h"
#include "app/console/jobs/store_watcher.h"
#include "core/workspace.h"
#include "tests/support/data.h"

using namespace pilotlight;
using namespace pilotlight::console;

class JobsTest : public QObject {
    Q_OBJECT
    pilotlight::test::TemporaryDirectory folder_;
    common::ThreadPool pool_{2};
    JobRunner::Opener opener_ = [this]() -> Result<std::shared_ptr<Workspace>> {
        auto workspace = Workspace::open({folder_.path().string(), "test"}, pool_);
        if (!workspace) return fail(workspace.error());
        return std::make_shared<Workspace>(std::move(*workspace));
    };

private slots:
    void resultsArriveOnThisThread() {
        JobRunner jobs(opener_);
        std::atomic<QThread*> worked{nullptr};
        QThread* received = nullptr;
        int value = 0;
        jobs.run<int>(
            {"answer"},
            [&](Workspace& workspace, const JobContext&) -> Result<int> {
                worked = QThread::currentThread();
                return workspace.directory().empty() ? 0 : 42;
            },
            this,
            [&](Result<int> result) {
                received = QThread::currentThread();
                value = result.value_or(-1);
            });
        QTRY_COMPARE(value, 42);
        QCOMPARE(received, QThread::currentThread());
        QVERIFY(worked.load() != QThread::currentThread());
        QVERIFY(jobs.idle());
    }

    void aRunningJobIsCancelled() {
        JobRunner jobs(opener_);
        std::atomic<bool> began{false};
        std::optional<ErrorCode> code;
        const JobId id = jobs.run<int>(
            {"long", Lane::compute, true},
            [&](Workspace&, const JobContext& job) -> Result<int> {
                began = true;
                while (true) {
                    PILOTLIGHT_TRY(job.check());
                    QThread::msleep(1);
                }
            },
            this, [&](Result<int> result) { code = result ? ErrorCode::internal : result.error().code; });
        QTRY_VERIFY(began.load());
        QElapsedTimer timer;
        timer.start();
        jobs.cancel(id);
        QTRY_VERIFY(code.has_value());
        QCOMPARE(*code, ErrorCode::cancelled);
        QCOMPARE(jobs.visibleJobs().front().state, JobState::cancelled);
    }

    void aQueuedJobIsCancelledWithoutRunning() {
        JobRunner jobs(opener_);
        std::atomic<bool> go{false}, ran{false};
        std::optional<ErrorCode> code;
        jobs.run<int>({"first", Lane::write},
                      [&](Workspace&, const JobContext&) -> Result<int> {
                          while (!go) QThread::msleep(1);
                          return 1;
                      },
                      this, {});
        const JobId second = jobs.run<int>(
            {"second", Lane::write},
            [&](Workspace&, const JobContext&) -> Result<int> {
                ran = true;
                return 2;
            },
            this, [&](Result<int> result) { code = result ? ErrorCode::internal : result.error().code; });
        jobs.cancel(second);
        go = true;
        QTRY_VERIFY(code.has_value());
        QCOMPARE(*code, ErrorCode::cancelled);
        QVERIFY(!ran);
    }

    void urgentWritesGoFirst() {
        JobRunner jobs(opener_);
        std::atomic<bool> go{false};
        QStringList order;
        const auto job = [&](const char* name, bool urgent) {
            jobs.run<int>(
                {name, Lane::write, false, true, urgent},
                [&](Workspace&, const JobContext&) -> Result<int> {
                    while (!go) QThread::msleep(1);
                    return 1;
                },
                this, [&order, name](Result<int>) { order << name; });
        };
        std::atomic<bool> began{false};
        jobs.run<int>({"running", Lane::write},
                      [&](Workspace&, const JobContext&) -> Result<int> {
                          began = true;
                          while (!go) QThread::msleep(1);
                          return 0;
                      },
                      this, {});
        QTRY_VERIFY(began.load());
        job("refresh", false);
        job("apply", true);
        go = true;
        QTRY_COMPARE(order, (QStringList{"apply", "refresh"}));
    }

    void onlyTheNewestAnswerCounts() {
        JobRunner jobs(opener_);
        Latest latest(jobs);
        std::atomic<int> release{0};
        QList<int> got;
        for (int i = 1; i <= 3; ++i) {
            // The first two ignore the request to stop, as a page in flight would.
            latest.run<int>(
                {"question", Lane::compute},
                [&, i](Workspace&, const JobContext&) -> Result<int> {
                    while (release < i) QThread::msleep(1);
                    return i;
                },
                this,
                [&](Result<int> result) {
                    if (result) got << *result;
                });
        }
        for (int i = 1; i <= 3; ++i) {
            release = i;
            QTest::qWait(20);
        }
        QTRY_VERIFY(jobs.idle());
        QCOMPARE(got, QList<int>{3});
        QVERIFY(latest.generation() >= 3);
    }

    void nothingIsDeliveredToTheDead() {
        JobRunner jobs(opener_);
        std::atomic<bool> go{false};
        bool delivered = false;
        auto* receiver = new QObject;
        jobs.run<int>(
            {"orphan"},
            [&](Workspace&, const JobContext&) -> Result<int> {
                while (!go) QThread::msleep(1);
                return 1;
            },
            receiver, [&](Result<int>) { delivered = true; });
        delete receiver;
        go = true;
        QTRY_VERIFY(jobs.idle());
        QVERIFY(!delivered);
    }

    void progressIsSeen() {
        JobRunner jobs(opener_);
        std::atomic<bool> go{false};
        QSignalSpy spy(&jobs, &JobRunner::jobsChanged);
        jobs.run<int>({"sync", Lane::write, true},
                      [&](Workspace&, const JobContext& job) -> Result<int> {
                          job.report({.step = "Metrics, us-east-1", .fraction = 0.25, .bytes = 1000, .items = 3});
                          while (!go) QThread::msleep(1);
                          return 1;
                      },
                      this, {});
        QTRY_VERIFY(!jobs.visibleJobs().empty() && jobs.visibleJobs().front().progress.step == "Metrics, us-east-1");
        QCOMPARE(jobs.activeVisible(), 1);
        QTRY_VERIFY(spy.count() > 0);
        go = true;
        QTRY_COMPARE(jobs.activeVisible(), 0);
        QCOMPARE(jobs.visibleJobs().front().state, JobState::done);
    }

    void anUnusableWorkspaceIsSaidToEveryJob() {
        JobRunner jobs([]() -> Result<std::shared_ptr<Workspace>> { return fail(ErrorCode::storage, "The disk is full"); });
        std::optional<ErrorCode> code;
        jobs.run<int>(
            {"read"}, [](Workspace&, const JobContext&) -> Result<int> { return 1; }, this,
            [&](Result<int> result) { code = result.error().code; });
        QTRY_VERIFY(code.has_value());
        QCOMPARE(*code, ErrorCode::storage);
    }

    void endingDoesNotWaitForAnswers() {
        QElapsedTimer timer;
        timer.start();
        {
            JobRunner jobs(opener_);
            for (int i = 0; i < 20; ++i) {
                jobs.run<int>({"long", Lane::compute},
                              [](Workspace&, const JobContext& job) -> Result<int> {
                                  while (true) {
                                      PILOTLIGHT_TRY(job.check());
                                      QThread::msleep(1);
                                  }
                              },
                              this, {});
            }
        }
        QVERIFY(timer.elapsed() < 10'000);
    }

    void theWatcherSaysWhatIsNew() {
        JobRunner jobs(opener_);
        StoreWatcher watcher(jobs);
        QList<StoreChange> seen;
        connect(&watcher, &StoreWatcher::changed, this, [&](StoreChange what) { seen << what; });
        watcher.start(50);
        QTRY_COMPARE(seen.size(), 1);  // the first look: everything
        Profile profile;
        profile.name = "dev";
        jobs.run<void>({"add", Lane::write}, [profile](Workspace& workspace, const JobContext&) { return workspace.addProfile(profile); },
                       this, {});
        QTRY_VERIFY(seen.size() >= 2);
        QVERIFY(seen[1].any());
        const auto count = seen.size();
        QTest::qWait(200);
        QCOMPARE(seen.size(), count);
    }
};

QTEST_MAIN(JobsTest)
#include "test_jobs.moc"
