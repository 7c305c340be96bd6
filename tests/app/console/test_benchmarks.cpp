// The Benchmarks page: follows the campaigns of a workspace's folder, whoever writes them, and runs one itself.
#include <QApplication>
#include <QFile>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTest>
#include <QTimer>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "app/common/campaigns.h"
#include "app/console/dialogs/new_benchmark_dialog.h"
#include "app/console/main_window.h"
#include "app/console/pages/benchmarks_page.h"
#include "core/bench/campaign_file.h"
#include "tests/support/data.h"
#include "tests/support/left_behind.h"
#include "widgets/card.h"
#include "widgets/table_delegates.h"
#include "widgets/theme.h"

using namespace pilotlight;
using namespace pilotlight::console;

class BenchmarksTest : public QObject {
    Q_OBJECT

    static bench::CampaignPlan command(const std::vector<std::string>& words) {
        bench::CampaignPlan plan;
        plan.trial.target.kind = bench::Target::Kind::command;
        plan.trial.target.command = words;
        plan.sizes = {512, 1769};
        return common::completed(std::move(plan), true).value();
    }
    static bench::TrialRecord trial(std::int32_t mb, double vcpu) {
        bench::TrialRecord record{.key = {.memory_mb = mb}, .vcpu = vcpu, .result = {}};
        record.result.status = bench::TrialStatus::ok;
        record.result.limiter = "cgroup-v1";
        for (int i = 0; i < 100; ++i) record.result.isolated_ms.push_back(50 / vcpu * (0.99 + 0.0002 * i));
        record.result.cold.exec_ms = 20;
        record.result.cold.first_ms = 50 / vcpu;
        record.result.cold.total_ms = 20 + 50 / vcpu;
        record.result.peak_mb = 40;
        return record;
    }

private slots:
    void initTestCase() { widgets::Theme::instance().install(*qApp); }

    void followsTheFolder() {
        const pilotlight::test::TemporaryDirectory folder;
        SessionOptions options;
        options.workspace = folder.path().string();
        options.refresh_seconds = 0;
        Session session(options);
        MainWindow window(session);
        window.resize(1440, 900);
        window.show();
        session.start();
        QTRY_VERIFY(session.loaded());
        window.openPage(QStringLiteral("benchmarks"));
        auto* page = window.page(QStringLiteral("benchmarks"));
        const auto tables = page->findChildren<widgets::Table*>();
        const auto table = [&](const char* name) { return *std::find_if(tables.begin(), tables.end(), [&](auto* t) { return t->accessibleName() == QLatin1String(name); }); };
        QTRY_VERIFY(page->findChildren<widgets::Card*>().front()->stateView()->state().kind == widgets::PanelState::Kind::empty);

        const auto plan = command({"true"});
        auto file = bench::CampaignFile::create(common::benchFolder(options.workspace), plan);
        QVERIFY(file.has_value());
        QVERIFY(file->append(bench::trialLine(trial(512, 0.29))).has_value());
        QTRY_COMPARE_WITH_TIMEOUT(table("Results")->model()->rowCount(), 1, 10'000);
        QVERIFY(file->append(bench::trialLine(trial(1769, 1))).has_value());
        QVERIFY(file->append(bench::endLine(bench::CampaignEnd::complete)).has_value());
        QTRY_COMPARE_WITH_TIMEOUT(table("Results")->model()->rowCount(), 2, 10'000);
        QCOMPARE(table("Campaigns")->model()->rowCount(), 1);
        QCOMPARE(table("Campaigns")->model()->index(0, 1).data().toString(), QStringLiteral("done"));
        QCOMPARE(window.currentPage()->heading().crumbs.last(), QStringLiteral("true"));
    }

    // With the real agent, which is built beside this test.
    void runsStopsAndGoesOn() {
        const pilotlight::test::TemporaryDirectory folder;
        SessionOptions options;
        options.workspace = folder.path().string();
        options.refresh_seconds = 0;
        Session session(options);
        BenchmarksPage page(session);
        page.resize(1200, 800);
        page.show();
        session.start();
        QTRY_VERIFY(session.loaded());
        bench::Campaign campaign;
        campaign.plan = command({"/bin/sh", "-c", "cat > /dev/null; echo {}"});
        campaign.plan.sizes = {512};
        campaign.plan.warm = 20;
        const auto id = campaign.plan.id;
        page.run(std::move(campaign));
        QVERIFY(page.running());
        const auto read = [&] { return bench::readCampaign(common::benchFolder(options.workspace), id); };
        QTRY_VERIFY_WITH_TIMEOUT(read() && !read()->trials.empty(), 60'000);
        QVERIFY(page.cancel() || !page.running());
        QTRY_VERIFY_WITH_TIMEOUT(!page.running(), 30'000);
        if (read()->end != bench::CampaignEnd::complete) page.run(*read());
        QTRY_VERIFY_WITH_TIMEOUT(!page.running(), 120'000);
        QCOMPARE(read()->end, bench::CampaignEnd::complete);
        QVERIFY(!page.cancel());
    }

    void pausesAndResumes() {
        const pilotlight::test::TemporaryDirectory folder;
        SessionOptions options;
        options.workspace = folder.path().string();
        options.refresh_seconds = 0;
        Session session(options);
        BenchmarksPage page(session);
        page.resize(1200, 800);
        page.show();
        session.start();
        QTRY_VERIFY(session.loaded());
        const auto button = [&](const char* text) {
            for (auto* tool : page.tools()) {
                auto* one = qobject_cast<QPushButton*>(tool);
                if (one->text() == QLatin1String(text) && !one->isHidden()) return one;
            }
            return static_cast<QPushButton*>(nullptr);
        };
        bench::Campaign campaign;
        campaign.plan = command({"/bin/sh", "-c", "cat > /dev/null; sleep 0.3; echo {}"});  // 13 requests in the first trial
        campaign.plan.sizes = {512};
        campaign.plan.warm = 2;
        const auto id = campaign.plan.id;
        page.run(std::move(campaign));
        const auto trials = [&] {
            const auto read = bench::readCampaign(common::benchFolder(options.workspace), id);
            return read ? read->trials.size() : 0;
        };
        const auto state = [&] {
            for (const auto* table : page.findChildren<widgets::Table*>())
                if (table->accessibleName() == QLatin1String("Campaigns") && table->model()->rowCount() == 1) return table->model()->index(0, 1).data().toString();
            return QString();
        };
        QTRY_VERIFY_WITH_TIMEOUT(button("Pause") != nullptr && button("Stop") != nullptr, 60'000);
        button("Pause")->click();
        QTRY_COMPARE_WITH_TIMEOUT(state(), QStringLiteral("paused"), 60'000);
        const auto before = trials();
        QTest::qWait(1500);
        QCOMPARE(trials(), before);
        QVERIFY(before >= 1U && before < 5U);
        QVERIFY(button("Resume") != nullptr);
        button("Resume")->click();
        QTRY_VERIFY_WITH_TIMEOUT(!page.running(), 120'000);
        QCOMPARE(trials(), 5U);
        QVERIFY(button("Pause") == nullptr);
    }

    // The console's own page and jobs in a process that is killed: agent, handler and control groups end with it.
    void killedItLeavesNothing() {
        for (const int after_ms : {0, 60, 300, 900, 2000}) {
            const pilotlight::test::TemporaryDirectory folder;
            const std::string mark = folder.path().string() + "/handler";
            {
                pilotlight::test::Background console({"/proc/self/exe", "--campaign", folder.path().string(), mark});
                QCOMPARE(console.readLine(), std::string("running"));
                QTest::qWait(after_ms);
                console.kill(SIGKILL);
                console.wait();
            }
            const auto left = [&] { return !pilotlight::test::processesWith(mark).empty() || !pilotlight::test::processesWith(folder.path().string(), "environ").empty() || !pilotlight::test::controlGroups().empty(); };
            QTRY_VERIFY_WITH_TIMEOUT(!left(), 10'000);
            for (const auto& entry : std::filesystem::directory_iterator(folder.path())) QVERIFY2(entry.path().filename() != "temporary" || std::filesystem::is_empty(entry), "a temporary file is left");
        }
    }

    void theDialogSaysWhatIsOff() {
        NewBenchmarkDialog dialog(nullptr);
        QVERIFY(!dialog.plan());
        dialog.setModel(QStringLiteral("/nowhere/model.onnx"));
        QVERIFY(!dialog.plan());
        QVERIFY(dialog.plan().error().what.find("/nowhere/model.onnx") != std::string::npos);
        const pilotlight::test::TemporaryDirectory folder;
        QFile model(QString::fromStdString((folder.path() / "m.onnx").string()));
        QVERIFY(model.open(QIODevice::WriteOnly));
        model.write("x");
        model.close();
        dialog.setModel(model.fileName());
        const auto plan = dialog.plan();
        QVERIFY2(plan.has_value(), plan ? "" : plan.error().what.c_str());
        QCOMPARE(plan->budget_s, 180.0);
        QVERIFY(!plan->sizes.empty());
        QVERIFY(plan->agent.empty());
    }

    void theDialogTakesListsAndAnotherMachine() {
        NewBenchmarkDialog dialog(nullptr);
        const auto field = [&](const char* label) {
            for (auto* form : dialog.findChildren<QFormLayout*>())
                for (int r = 0; r < form->rowCount(); ++r)
                    if (auto* name = form->itemAt(r, QFormLayout::LabelRole); name != nullptr && qobject_cast<QLabel*>(name->widget())->text() == QLatin1String(label))
                        return qobject_cast<QLineEdit*>(form->itemAt(r, QFormLayout::FieldRole)->widget());
            return static_cast<QLineEdit*>(nullptr);
        };
        field("Run on")->setText(QStringLiteral("ssh gpu-box pilotlight-agent"));
        dialog.setModel(QStringLiteral("m.onnx"));
        QVERIFY(!dialog.plan());  // where on that machine?
        dialog.setModel(QStringLiteral("/there/m.onnx"));
        field("Threads")->setText(QStringLiteral("1, 2"));
        field("Batch")->setText(QStringLiteral("8 1"));
        field("Requests at once")->setText(QStringLiteral("1,4"));
        const auto plan = dialog.plan();
        QVERIFY2(plan.has_value(), plan ? "" : plan.error().what.c_str());
        QCOMPARE(plan->agent, (std::vector<std::string>{"ssh", "gpu-box", "pilotlight-agent"}));
        QCOMPARE(plan->batches, (std::vector<int>{1, 8}));
        QCOMPARE(plan->concurrencies, (std::vector<int>{1, 4}));
        field("Requests at once")->setText(QStringLiteral("1000"));
        QVERIFY(!dialog.plan());
    }
};

namespace {

// A console whose Benchmarks page runs a campaign, until it is killed.
int runCampaign(QApplication& application, const std::string& workspace, const std::string& mark) {
    widgets::Theme::instance().install(application);
    const std::string temporary = workspace + "/temporary";
    std::filesystem::create_directory(temporary);
    ::setenv("TMPDIR", temporary.c_str(), 1);
    SessionOptions options;
    options.workspace = workspace;
    options.refresh_seconds = 0;
    Session session(options);
    MainWindow window(session);
    window.show();
    session.start();
    window.openPage(QStringLiteral("benchmarks"));
    auto* page = qobject_cast<BenchmarksPage*>(window.page(QStringLiteral("benchmarks")));
    bench::Campaign campaign;
    bench::CampaignPlan plan;
    plan.trial.target.kind = bench::Target::Kind::command;
    plan.trial.target.command = {"/bin/sh", "-c", "sleep 0.05; : " + mark};
    plan.sizes = {512, 1769};
    campaign.plan = common::completed(std::move(plan), true).value();
    QTimer::singleShot(0, page, [&] {
        page->run(campaign);
        std::puts("running");
        std::fflush(stdout);
    });
    return QApplication::exec();
}

}  // namespace

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    if (argc == 4 && std::string_view(argv[1]) == "--campaign") return runCampaign(application, argv[2], argv[3]);
    BenchmarksTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "test_benchmarks.moc"
