// The Benchmarks page: follows the campaigns of a workspace's folder, whoever writes them, and runs one itself.
#include <QFile>
#include <QPushButton>
#include <QTest>

#include "app/common/campaigns.h"
#include "app/console/dialogs/new_benchmark_dialog.h"
#include "app/console/main_window.h"
#include "app/console/pages/benchmarks_page.h"
#include "core/bench/campaign_file.h"
#include "tests/support/data.h"
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
    }
};

QTEST_MAIN(BenchmarksTest)
#include "test_benchmarks.moc"
